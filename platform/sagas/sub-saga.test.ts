/** Steps that are sagas, on the real engine. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { systemClock } from '../clock.ts';
import { refuse } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { defineSaga, type StepContext } from './define-saga.ts';
import { enqueueSaga, signalSaga } from './enqueue.ts';
import { subSaga } from './sub-saga.ts';
import { startSagaWorker } from './worker.ts';

interface Input extends Record<string, unknown> {
  id: string;
  /** The step that is refused. */
  refused?: string;
}

let ground: SagaFixture;
let worker: { stop(): Promise<void> };
let calls: string[];

beforeAll(async () => {
  ground = await openSagaFixture();
});
afterAll(() => ground?.close());

const step = (name: string) => ({
  name,
  agent: 'other',
  does: name,
  async run({ input, key }: StepContext<Input, object>) {
    calls.push(`${name} (${key})`);
    if (input.refused === name) throw refuse('FULL', `No ${name}.`);
  },
  async undo() {
    calls.push(`undo ${name}`);
  },
});
const said = (name: string) => ({ ...step(name), undo: undefined });

const flight = defineSaga<Input, object>({
  name: 'flight',
  description: 'Flies.',
  steps: [step('seat'), step('ticket')],
  whenRefused: said('stay'),
});
const unfly = defineSaga<Input, object>({
  name: 'unfly',
  description: 'Takes a flight back.',
  steps: [said('refund')],
});
const trip = defineSaga<Input, object>({
  name: 'trip',
  description: 'Travels.',
  steps: [
    step('bag'),
    subSaga({ name: 'fly', does: 'Flies.', saga: flight, undoneBy: unfly, input: ({ input }) => input }),
    step('hotel'),
  ],
  whenRefused: said('apologise'),
});

const start = async (): Promise<void> => {
  worker = await startSagaWorker({
    ...ground.sagas,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: silentLogger,
    sagas: [flight, unfly, trip],
    onFailedAttempt: async () => {},
  });
};
beforeEach(async () => {
  calls = [];
  await start();
});
afterEach(() => worker.stop());

const travel = async (id: string, refused?: string) => {
  await ground.kysely.transaction().execute((transaction) => enqueueSaga(transaction, 'trip', id, { id, refused }));
  let output: unknown;
  await until(`the trip ${id} has ended`, async () => {
    const { rows } = await ground.pool.query('select output from dbos.workflow_output where workflow_uuid = $1', [
      `trip:${id}`,
    ]);
    output = rows[0] && JSON.parse(rows[0].output);
    return rows.length > 0;
  });
  return output;
};
const names = () => calls.map((call) => call.split(' (')[0]);

test('a sub-saga has an id and keys made of its parent’s, and the parent goes on when it has ended', async () => {
  expect(await travel('a')).toEqual({ outcome: 'COMPLETED' });
  expect(calls).toEqual([
    'bag (trip:a:bag)',
    'seat (flight:a/trip/fly:seat)',
    'ticket (flight:a/trip/fly:ticket)',
    'hotel (trip:a:hotel)',
  ]);
  const { rows } = await ground.pool.query(
    `select workflow_uuid as id from dbos.workflow_status where parent_workflow_id = 'trip:a'`,
  );
  expect(rows).toEqual([{ id: 'flight:a/trip/fly' }]);
});

test('a refusal of a sub-saga is the step’s: it has undone its own work, and the parent undoes the rest', async () => {
  expect(await travel('b', 'ticket')).toMatchObject({
    outcome: 'COMPENSATED',
    refusal: { step: 'fly', errors: [{ code: 'FULL' }] },
  });
  expect(names()).toEqual(['bag', 'seat', 'ticket', 'undo ticket', 'undo seat', 'stay', 'undo bag', 'apologise']);
});

test('a sub-saga that has ended is undone by another saga when a later step is refused', async () => {
  expect(await travel('c', 'hotel')).toMatchObject({ outcome: 'COMPENSATED', refusal: { step: 'hotel' } });
  expect(names()).toEqual(['bag', 'seat', 'ticket', 'hotel', 'undo hotel', 'refund', 'undo bag', 'apologise']);
});

test('a saga that could be refused cannot undo a sub-saga', () => {
  expect(() =>
    subSaga<Input, object>({ name: 'fly', does: '.', saga: flight, undoneBy: flight, input: () => ({}) }),
  ).toThrow('may not be refused');
});

test('more waiting sagas than a worker has turns leave the others their turns', async () => {
  const waiting = Array.from({ length: 80 }, (_, n) => `w${n}`);
  await worker.stop();
  const wait = defineSaga<Input, object>({
    name: 'wait',
    description: 'Waits for what does not come.',
    steps: [{ ...said('ask'), waitsFor: { topic: 'never', seconds: () => 600 } }],
  });
  worker = await startSagaWorker({
    ...ground.sagas,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: silentLogger,
    sagas: [flight, unfly, trip, wait],
    onFailedAttempt: async () => {},
  });
  await ground.kysely.transaction().execute(async (transaction) => {
    for (const id of waiting) await enqueueSaga(transaction, 'wait', id, { id });
  });
  expect(await travel('d')).toEqual({ outcome: 'COMPLETED' });
  await ground.kysely.transaction().execute(async (transaction) => {
    for (const id of waiting) await signalSaga(transaction, `wait:${id}`, 'never', {}, id);
  });
  await until('those that waited have ended', async () => {
    const { rows } = await ground.pool.query(
      `select count(*)::int as n from dbos.workflow_status where name = 'wait' and status = 'SUCCESS'`,
    );
    return rows[0].n === waiting.length;
  });
});
