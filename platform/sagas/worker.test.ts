import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openSagaGround, type SagaGround } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/small-agent.ts';
import { systemClock } from '../clock.ts';
import { refuse, Unavailable } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { defineSaga } from './define-saga.ts';
import { enqueueSaga, sagaId, signalSaga } from './enqueue.ts';
import { startSagaWorker } from './worker.ts';

let ground: SagaGround;
let worker: { stop(): Promise<void> };
let calls: string[];
let attempts: unknown[];
let failures: number;

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

beforeAll(async () => {
  ground = await openSagaGround();
});

afterAll(() => ground?.close());

const start = async (): Promise<void> => {
  worker = await startSagaWorker({
    ...ground.sagas,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: silentLogger,
    sagas: [trip, flaky, patient],
    onFailedAttempt: async (...told) => void attempts.push(told),
  });
};

beforeEach(async () => {
  calls = [];
  attempts = [];
  failures = 0;
  await start();
});

afterEach(() => worker.stop());

const begin = (name: string, id: string, input: object = {}): Promise<void> =>
  ground.kysely.transaction().execute((transaction) => enqueueSaga(transaction, name, id, { id, ...input }));

const statusOf = async (id: string): Promise<string | undefined> =>
  (await ground.pool.query('select status from dbos.workflow_status where workflow_uuid = $1', [id])).rows[0]?.status;

const ended = (id: string): Promise<void> => until(`${id} has ended`, async () => (await statusOf(id)) === 'SUCCESS');

test('a saga that is started runs its steps in order, each with its key', async () => {
  await begin('trip', 'a');
  await ended('trip:a');
  expect(calls).toEqual(['flight a trip:a:flight', 'hotel a trip:a:hotel']);
});

test('one that is refused is undone in reverse, the refused step too', async () => {
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

test('the same start again does nothing, while it runs and after it has ended', async () => {
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

test('a step that fails three times and then works is told of each time, and the saga goes on', async () => {
  await begin('flaky', 'a');
  await ended('flaky:a');
  expect(calls.map((text) => text.split(' ')[0])).toEqual(['try', 'try', 'try', 'try', 'after']);
  expect(attempts).toEqual([1, 2, 3].map((attempt) => ['flaky:a', 'try', attempt, expect.any(Unavailable)]));
});

test('a saga that waits goes on with its message, which may come twice', async () => {
  await begin('patient', 'a');
  await until('it has asked', () => calls.length === 1);
  const signal = () =>
    ground.kysely
      .transaction()
      .execute((transaction) => signalSaga(transaction, sagaId('patient', 'a'), 'paid', { by: 'card' }, 'payment_1'));
  expect(await statusOf('patient:a')).toBe('PENDING');
  await signal();
  await signal();
  await ended('patient:a');
  expect(calls).toEqual(['ask a patient:a:ask', 'thank a patient:a:thank']);
});

test('a message that comes before it is waited for is not lost', async () => {
  await ground.kysely.transaction().execute(async (transaction) => {
    await enqueueSaga(transaction, 'patient', 'b', { id: 'b' });
    await signalSaga(transaction, sagaId('patient', 'b'), 'paid', null, 'payment_2');
  });
  await ended('patient:b');
  expect(calls).toHaveLength(2);
});

test('a worker that stops in the middle leaves the saga to the next, which does no step again that was done', async () => {
  await begin('patient', 'c');
  await until('it has asked', () => calls.length === 1);
  await worker.stop();
  expect(await statusOf('patient:c')).toBe('PENDING');
  await start();
  await ground.kysely
    .transaction()
    .execute((transaction) => signalSaga(transaction, 'patient:c', 'paid', null, 'payment_3'));
  await ended('patient:c');
  expect(calls).toEqual(['ask c patient:c:ask', 'thank c patient:c:thank']);
});
