import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { systemClock } from '../clock.ts';
import { refuse, Unavailable } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { defineSaga, type Verdict } from './define-saga.ts';
import { placesTaken } from './engine-places.ts';
import { enqueueSaga, sagaId, signalSaga, steerSaga } from './enqueue.ts';
import { startSagaWorker } from './worker.ts';

let ground: SagaFixture;
let worker: { stop(): Promise<void> };
let calls: string[];
let attempts: unknown[];
let failures: number;
let verdicts: Map<string, Verdict>;

const call =
  (name: string) =>
  async ({ input, key }: { input: { id: string }; key: string }) => {
    calls.push(`${name} ${input.id} ${key}`);
  };
const step = (name: string) => ({ name, agent: 'other', does: name, run: call(name), undo: call(`undo ${name}`) });

const trip = defineSaga<{ id: string; refused?: boolean }, object>({
  name: 'trip',
  description: 'Books a trip.',
  steps: [
    step('flight'),
    {
      ...step('hotel'),
      run: async (context) => {
        await call('hotel')(context);
        if (context.input.refused) throw refuse('FULL', 'The hotel is full.');
      },
    },
  ],
  whenRefused: step('apologise'),
});

const flaky = defineSaga<{ id: string }, object>({
  name: 'flaky',
  description: 'Works at the fourth attempt.',
  steps: [
    {
      ...step('try'),
      run: async (context) => {
        await call('try')(context);
        if (++failures <= 3) throw new Unavailable('away');
      },
    },
    step('after'),
  ],
});

const patient = defineSaga<{ id: string }, object>({
  name: 'patient',
  description: 'Waits to be paid.',
  steps: [step('ask'), { ...step('thank'), waitsFor: { topic: 'paid', seconds: () => 60 } }],
});

/** Lets the branches end that have begun. */
let going = Promise.withResolvers<void>();

const beside = (name: string) => ({
  ...step(name),
  run: async (context: { input: { id: string }; key: string }) => {
    await call(`${name} begins`)(context);
    await going.promise;
    await call(name)(context);
  },
});

const parallel = defineSaga<{ id: string; refused?: boolean }, object>({
  ...trip,
  name: 'parallel',
  steps: [step('flight'), { name: 'rooms', branches: [beside('one'), beside('two')] }, trip.steps[1]!],
});

/** A saga whose step never answers at the first attempt. */
const deaf = defineSaga<{ id: string }, object>({
  name: 'deaf',
  description: 'Gives an attempt up after half a second.',
  steps: [
    {
      ...step('listen'),
      timeoutSeconds: 0.5,
      run: async (context) => {
        await call('listen')(context);
        if (++failures === 1) await new Promise(() => {});
      },
    },
  ],
});

/** A saga whose step fails until an operator decides. */
const stubborn = defineSaga<{ id: string }, object>({
  name: 'stubborn',
  description: 'Does not work.',
  steps: [
    step('before'),
    {
      ...step('fail'),
      run: async () => {
        failures++;
        throw new Unavailable('away');
      },
    },
    step('after'),
  ],
  whenRefused: step('apologise'),
});

beforeAll(async () => {
  ground = await openSagaFixture();
});

afterAll(() => ground?.close());

const start = async (pool = ground.sagas.pool): Promise<void> => {
  worker = await startSagaWorker({
    ...ground.sagas,
    pool,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: silentLogger,
    sagas: [trip, flaky, patient, parallel, deaf, stubborn],
    verdict: async (saga, name) => verdicts.get(`${saga} ${name}`),
    onFailedAttempt: async (...told) => void attempts.push(told),
  });
};

beforeEach(async () => {
  calls = [];
  going = Promise.withResolvers();
  attempts = [];
  failures = 0;
  verdicts = new Map();
  await start();
});

afterEach(() => worker.stop());

const begin = (name: string, id: string, input: object = {}): Promise<void> =>
  ground.kysely.transaction().execute((transaction) => enqueueSaga(transaction, name, id, { id, ...input }));

const statusOf = async (id: string): Promise<string | undefined> =>
  (await ground.pool.query('select status from dbos.workflow_status where workflow_uuid = $1', [id])).rows[0]?.status;

const ended = (id: string): Promise<void> => until(`${id} has ended`, async () => (await statusOf(id)) === 'SUCCESS');

test('a saga runs its steps in order, each with its idempotency key', async () => {
  await begin('trip', 'a');
  await ended('trip:a');
  expect(calls).toEqual(['flight a trip:a:flight', 'hotel a trip:a:hotel']);
});

test('a refused saga is undone in reverse, with the refused step', async () => {
  await begin('trip', 'b', { refused: true });
  await ended('trip:b');
  expect(calls.map((text) => text.slice(0, text.indexOf(' b ')))).toEqual([
    'flight',
    'hotel',
    'undo hotel',
    'undo flight',
    'apologise',
  ]);
  expect(attempts).toEqual([]);
});

test('a replayed start does nothing, while the saga runs and after it has ended', async () => {
  await Promise.all([begin('trip', 'c'), begin('trip', 'c'), begin('trip', 'c')]);
  await ended('trip:c');
  await begin('trip', 'c', { refused: true });
  await begin('trip', 'd');
  await ended('trip:d');
  expect(calls.filter((text) => text.includes(' c '))).toEqual(['flight c trip:c:flight', 'hotel c trip:c:hotel']);
});

test('a start in a transaction that is rolled back starts nothing', async () => {
  const rolledBack = ground.kysely.transaction().execute(async (transaction) => {
    await enqueueSaga(transaction, 'trip', 'e', { id: 'e' });
    throw new Error('no');
  });
  await expect(rolledBack).rejects.toThrow('no');
  await begin('trip', 'f');
  await ended('trip:f');
  expect([await statusOf('trip:e'), calls.some((text) => text.includes(' e '))]).toEqual([undefined, false]);
});

test('each of three failed attempts of a step is reported, and the saga goes on after the fourth', async () => {
  await begin('flaky', 'a');
  await ended('flaky:a');
  expect(calls.map((text) => text.split(' ')[0])).toEqual(['try', 'try', 'try', 'try', 'after']);
  expect(attempts).toEqual([1, 2, 3].map((attempt) => ['flaky:a', 'try', attempt, expect.any(Unavailable)]));
});

test('a waiting saga goes on with its message, which may arrive twice', async () => {
  await begin('patient', 'a');
  await until('it has asked', () => calls.length === 1);
  const signal = () =>
    ground.kysely
      .transaction()
      .execute((transaction) => signalSaga(transaction, sagaId('patient', 'a'), 'paid', { by: 'card' }, 'payment_1'));
  await until('it is parked', async () => (await statusOf('patient:a')) === 'DELAYED');
  await until('it holds no place', () => placesTaken() === 0);
  await signal();
  await signal();
  await ended('patient:a');
  expect(calls).toEqual(['ask a patient:a:ask', 'thank a patient:a:thank']);
});

test('a message that arrives before its saga waits for it is not lost', async () => {
  await ground.kysely.transaction().execute(async (transaction) => {
    await enqueueSaga(transaction, 'patient', 'b', { id: 'b' });
    await signalSaga(transaction, sagaId('patient', 'b'), 'paid', null, 'payment_2');
  });
  await ended('patient:b');
  expect(calls).toHaveLength(2);
});

test('a saga whose worker stops in the middle is resumed by the next, which repeats no completed step', async () => {
  await begin('patient', 'c');
  await until('it has asked', () => calls.length === 1);
  await until('it is parked', async () => (await statusOf('patient:c')) === 'DELAYED');
  await worker.stop();
  expect(await statusOf('patient:c')).toBe('DELAYED');
  await start();
  await ground.kysely
    .transaction()
    .execute((transaction) => signalSaga(transaction, 'patient:c', 'paid', null, 'payment_3'));
  await ended('patient:c');
  expect(calls).toEqual(['ask c patient:c:ask', 'thank c patient:c:thank']);
});

const names = (): string[] => calls.map((text) => text.slice(0, text.search(/ [a-z] [a-z]+:/)));

test('branches run in parallel, and are undone in reverse of their list', async () => {
  await begin('parallel', 'a', { refused: true });
  await until('both have begun', () => calls.length === 3);
  going.resolve();
  await ended('parallel:a');
  expect(names()[0]).toBe('flight');
  expect(names().slice(1, 3).toSorted()).toEqual(['one begins', 'two begins']);
  expect(names().slice(3, 5).toSorted()).toEqual(['one', 'two']);
  expect(names().slice(5)).toEqual(['hotel', 'undo hotel', 'undo two', 'undo one', 'undo flight', 'apologise']);
});

test('branches that were interrupted by a stop are resumed each by itself', async () => {
  await begin('parallel', 'b');
  await until('both have begun', () => calls.length === 3);
  const stopping = worker.stop();
  going.resolve();
  await stopping;
  calls = [];
  await start();
  await ended('parallel:b');
  expect(names()).toEqual(['hotel']);
});

test('an attempt that times out is retried', async () => {
  await begin('deaf', 'a');
  await ended('deaf:a');
  expect(names()).toEqual(['listen', 'listen']);
  expect(attempts).toEqual([['deaf:a', 'listen', 1, expect.any(Unavailable)]]);
});

/** Lets the step fail until its saga is parked, and then decides. */
async function decide(id: string, action: Verdict['action']): Promise<void> {
  await begin('stubborn', id);
  await until('it waits for long', async () => failures === 7 && (await statusOf(`stubborn:${id}`)) === 'DELAYED');
  verdicts.set(`stubborn:${id} fail`, { action, by: 'user_1' });
  await ground.kysely.transaction().execute((transaction) => steerSaga(transaction, `stubborn:${id}`, action));
}

test('an operator’s SKIP takes effect before the next attempt', async () => {
  await decide('a', 'SKIP');
  await ended('stubborn:a');
  expect(failures).toBe(7);
  expect(names()).toEqual(['before', 'after']);
  const { rows } = await ground.pool.query(
    `select output::jsonb -> 'json' as kept from dbos.operation_outputs where workflow_uuid = 'stubborn:a' and function_name = 'fail'`,
  );
  expect(rows[0].kept).toMatchObject({ skippedBy: 'user_1' });
});

test('an operator’s COMPENSATE takes effect before the next attempt', async () => {
  await decide('b', 'COMPENSATE');
  await ended('stubborn:b');
  expect(failures).toBe(7);
  expect(names()).toEqual(['before', 'undo fail', 'undo before', 'apologise']);
});

test('an operator’s RETRY takes effect before the next attempt, once', async () => {
  await decide('c', 'RETRY');
  await until('it has tried again', () => failures === 8);
  verdicts.set('stubborn:c fail', { action: 'SKIP', by: 'user_1' });
  await until('it is parked again', async () => (await statusOf('stubborn:c')) === 'DELAYED');
  await ground.kysely.transaction().execute((transaction) => steerSaga(transaction, 'stubborn:c', 'enough'));
  await ended('stubborn:c');
  expect(failures).toBe(8);
});

test('a worker starts although its takeover loses a deadlock against a consumer that wakes the same sagas', async () => {
  await worker.stop();
  let lost = 0;
  const { pool } = ground.sagas;
  const losing = new Proxy(pool, {
    get(target, name) {
      if (name !== 'query') return Reflect.get(target, name, target);
      return (text: string, values?: unknown[]) =>
        text.includes('application_version = $2') && lost++ === 0
          ? Promise.reject(Object.assign(new Error('deadlock detected'), { code: '40P01' }))
          : target.query(text, values);
    },
  });
  await start(losing);
  expect(lost).toBeGreaterThan(1);
  await begin('trip', 'after a deadlock');
  await ended('trip:after a deadlock');
});
