/** Stretches of sagas on the real engine: stretch.test.ts has every crash, refusal and decision of them. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { systemClock } from '../clock.ts';
import { refuse, Unavailable } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { defineSaga, type SagaDefinition, type Verdict } from './define-saga.ts';
import { enqueueSaga, steerSaga } from './enqueue.ts';
import { startSagaWorker } from './worker.ts';

let ground: SagaFixture;
let worker: { stop(): Promise<void> };
let calls: string[];
let attempts: unknown[];
let failures: number;
let verdicts: Map<string, Verdict>;
/** Resolves when the slow step may go on. */
let gate: PromiseWithResolvers<void>;

interface Input {
  id: string;
  refused?: boolean;
  /** The step that fails, and how often. */
  failing?: string;
  times?: number;
  slow?: boolean;
}

const step = (name: string) => ({
  name,
  agent: 'other',
  does: name,
  run: async ({ input }: { input: Input }) => {
    calls.push(name);
    if (input.failing === name && failures++ < input.times!) throw new Unavailable('away');
    if (input.refused && name === 'pay') throw refuse('NO', 'No money.');
    if (input.slow && name === 'pack') await gate.promise;
    return { [name]: true };
  },
  undo: async () => void calls.push(`undo ${name}`),
});

const order = defineSaga<Input, object>({
  name: 'order.v2',
  description: 'Packs, is paid, ships and thanks.',
  checkpoints: 'STRETCHES',
  steps: [step('pack'), step('weigh'), { ...step('pay'), pivot: true }, step('ship'), step('thank')],
  whenRefused: { name: 'apologise', agent: 'other', does: '.', run: async () => void calls.push('apologise') },
});

beforeAll(async () => {
  ground = await openSagaFixture();
});

afterAll(() => ground?.close());

const start = async (sagas: readonly SagaDefinition[] = [order]): Promise<void> => {
  worker = await startSagaWorker({
    ...ground.sagas,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: silentLogger,
    sagas,
    verdict: async (saga, name) => verdicts.get(`${saga} ${name}`),
    onFailedAttempt: async (...told) => void attempts.push(told),
  });
};

beforeEach(() => {
  [calls, attempts, failures, verdicts, gate] = [[], [], 0, new Map(), Promise.withResolvers()];
});

afterEach(() => worker.stop());

const begin = (id: string, input: object = {}): Promise<void> =>
  ground.kysely.transaction().execute((transaction) => enqueueSaga(transaction, 'order.v2', id, { id, ...input }));

const statusOf = async (id: string): Promise<string | undefined> =>
  (await ground.pool.query('select status from dbos.workflow_status where workflow_uuid = $1', [id])).rows[0]?.status;

const ended = (id: string): Promise<void> => until(`${id} has ended`, async () => (await statusOf(id)) === 'SUCCESS');

/** The engine's checkpoints of a saga, with the steps of each stretch. */
const checkpoints = async (id: string): Promise<unknown[]> => {
  const { rows } = await ground.pool.query(
    `select function_name as name, output::jsonb #> '{json,steps}' as steps from dbos.operation_outputs
      where workflow_uuid = $1 order by function_id`,
    [id],
  );
  return rows.map(({ name, steps }) => (steps ? steps.map((each: { step: string }) => each.step) : name));
};

const resultOf = async (id: string) =>
  JSON.parse(
    (await ground.pool.query('select output from dbos.workflow_output where workflow_uuid = $1', [id])).rows[0].output,
  );

test('a saga has one checkpoint before its pivot, and its end keeps the rest', async () => {
  await start();
  await begin('a');
  await ended('order:a');
  expect(calls).toEqual(['pack', 'weigh', 'pay', 'ship', 'thank']);
  expect(await checkpoints('order:a')).toEqual([['pack', 'weigh']]);
  const time = expect.stringMatching(/^20\d\d-.*Z$/);
  expect(await resultOf('order:a')).toEqual({
    outcome: 'COMPLETED',
    steps: ['pay', 'ship', 'thank'].map((name) => ({ step: name, startedAt: time, at: time })),
  });
});

test('a refused pivot is kept before anything is undone', async () => {
  await start();
  await begin('b', { refused: true });
  await ended('order:b');
  expect(calls).toEqual(['pack', 'weigh', 'pay', 'undo pay', 'undo weigh', 'undo pack', 'apologise']);
  expect(await checkpoints('order:b')).toEqual([
    ['pack', 'weigh'],
    ['pay'],
    'undo pay',
    'undo weigh',
    'undo pack',
    'apologise',
  ]);
});

test('each failed attempt of a step is told once, the one in the stretch too, and the saga goes on behind it', async () => {
  await start();
  await begin('c', { failing: 'weigh', times: 3 });
  await ended('order:c');
  expect(calls).toEqual(['pack', ...Array(4).fill('weigh'), 'pay', 'ship', 'thank']);
  expect(attempts).toEqual([1, 2, 3].map((attempt) => ['order:c', 'weigh', attempt, expect.any(Unavailable)]));
  expect(await checkpoints('order:c')).toEqual([['pack'], 'weigh']);
});

/** Lets a step fail until its saga is parked, and then decides. */
async function decide(id: string, failing: string, action: Verdict['action']): Promise<void> {
  await begin(id, { failing, times: 7 });
  await until('it waits for long', async () => failures === 7 && (await statusOf(`order:${id}`)) === 'DELAYED');
  verdicts.set(`order:${id} ${failing}`, { action, by: 'user_1' });
  calls = [];
  await ground.kysely.transaction().execute((transaction) => steerSaga(transaction, `order:${id}`, action));
  await ended(`order:${id}`);
}

test('a step that was skipped behind the pivot is not asked again, nor is what came before it', async () => {
  await start();
  await decide('d', 'ship', 'SKIP');
  expect(calls).toEqual(['thank']);
  expect(await checkpoints('order:d')).toEqual([['pack', 'weigh'], ['pay'], 'ship']);
});

test('an operator’s COMPENSATE undoes the later steps too, which a crash may have left behind', async () => {
  await start();
  await decide('e', 'pack', 'COMPENSATE');
  expect(calls).toEqual(['undo weigh', 'undo pack', 'apologise']);
});

test('a worker that stops in a stretch keeps what was done, and the next does not ask it again', async () => {
  await start();
  await begin('f', { slow: true });
  await until('it packs', () => calls.includes('pack'));
  const stopping = worker.stop();
  gate.resolve();
  await stopping;
  expect(await checkpoints('order:f')).toEqual([['pack']]);
  await start();
  await ended('order:f');
  expect(calls).toEqual(['pack', 'weigh', 'pay', 'ship', 'thank']);
});

test('a saga that only a newer release knows waits for a worker of it', async () => {
  await start([{ ...order, name: 'order' }]);
  await begin('g');
  const claims = new Set<string>();
  await until('the older worker takes it, puts it back, and takes it again', async () => {
    const { rows } = await ground.pool.query(
      `select owner_xid as owner from dbos.workflow_status where workflow_uuid = 'order:g' and status = 'PENDING'`,
    );
    if (rows[0]) claims.add(String(rows[0].owner));
    return claims.size > 1;
  });
  expect(calls).toEqual([]);
  await worker.stop();
  await start();
  await ended('order:g');
  expect(calls).toEqual(['pack', 'weigh', 'pay', 'ship', 'thank']);
});
