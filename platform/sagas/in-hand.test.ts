/** Waiting sagas take no places: on the real engine, with more sagas than there are places. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { systemClock } from '../clock.ts';
import { NeverWorks, Refusal, Unavailable } from '../errors.ts';
import { createLogger } from '../log.ts';
import { defineSaga } from './define-saga.ts';
import { placesTaken } from './engine-places.ts';
import { callingOff, enqueueSaga, signalSaga } from './enqueue.ts';
import { QUEUES } from './queues.ts';
import { type SagaWorker, startSagaWorker } from './worker.ts';

let ground: SagaFixture;
let worker: SagaWorker;
let calls: string[];
let attempts: [step: string, attempt: number][];
let lines: Record<string, unknown>[];
let standing: (string | undefined)[];
/** The current answer of the steps. */
let answer: () => Promise<void>;

const step = (name: string) => ({
  name,
  agent: 'other',
  does: name,
  async run({ input }: { input: { id: string } }) {
    calls.push(`${name} ${input.id}`);
  },
});
const answered = (name: string) => ({
  ...step(name),
  async run({ input }: { input: { id: string } }) {
    calls.push(`${name} ${input.id}`);
    await answer();
  },
});
const undone = (name: string) => ({
  ...step(name),
  undo: async ({ input }: { input: { id: string } }) => void calls.push(`undo ${name} ${input.id}`),
});

const buyer = defineSaga<{ id: string }, object>({
  name: 'buyer',
  description: 'Waits for somebody who never comes back.',
  steps: [step('ask'), { ...step('thank'), waitsFor: { topic: 'paid', seconds: () => 3600 } }],
});
const quick = defineSaga<{ id: string }, object>({
  name: 'quick',
  description: 'Does one thing.',
  steps: [step('do')],
});
const urgent = defineSaga<{ id: string }, object>({ ...quick, name: 'urgent', queue: 'URGENT' });
const bulk = defineSaga<{ id: string }, object>({
  name: 'bulk',
  description: 'Is in the way of its like.',
  queue: 'BULK',
  steps: [answered('load')],
});
const before = defineSaga<{ id: string }, object>({
  name: 'before',
  description: 'May fail while it can be undone.',
  steps: [undone('reserve'), answered('fail'), { ...step('take'), pivot: true }],
  whenRefused: step('cancel'),
});
const behind = defineSaga<{ id: string }, object>({
  name: 'behind',
  description: 'May fail when it can be undone no more.',
  steps: [undone('reserve'), { ...step('take'), pivot: true }, answered('fail'), step('after')],
  whenRefused: step('cancel'),
});
const SAGAS = [buyer, quick, urgent, bulk, before, behind];

beforeAll(async () => {
  ground = await openSagaFixture();
});
afterAll(() => ground?.close());

const start = async (): Promise<void> => {
  worker = await startSagaWorker({
    ...ground.sagas,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: createLogger('warn', { to: { write: (line) => void lines.push(JSON.parse(line)) } }),
    sagas: SAGAS,
    onFailedAttempt: async (_, name, attempt) => void attempts.push([name, attempt]),
    onStanding: (why) => void standing.push((why as { code?: string } | undefined)?.code),
  });
};
beforeEach(async () => {
  calls = [];
  attempts = [];
  lines = [];
  standing = [];
  answer = async () => {};
  await start();
});
afterEach(async () => {
  await worker.stop();
  for (const table of ['workflow_status', 'operation_outputs', 'notifications'])
    await ground.pool.query(`delete from dbos.${table}`);
  await ground.pool.query('delete from platform.saga_wait');
});

const begin = (name: string, ...ids: string[]): Promise<void> =>
  ground.kysely.transaction().execute(async (transaction) => {
    for (const id of ids) await enqueueSaga(transaction, name, id, { id });
  });
const statuses = async (name: string): Promise<string[]> =>
  (await ground.pool.query('select status from dbos.workflow_status where name = $1', [name])).rows.map(
    ({ status }) => status,
  );
/** Waits until so many sagas have a status, patiently: hundreds of sagas take their time on a busy machine. */
const allAre = (name: string, status: string, count: number) =>
  until(`${count} of ${name} are ${status}`, async () => {
    const all = await statuses(name);
    return all.length === count && all.every((each) => each === status);
  });
const ids = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}${n}`);
const waitsOf = async (id: string) =>
  (
    await ground.pool.query(
      'select step, attempts, until > now() as later from platform.saga_wait where saga_id = $1 order by step',
      [id],
    )
  ).rows;

test('more sagas of absent buyers than there are places leave the next order a place, after a restart too', async () => {
  const many = QUEUES.ORDINARY.places + 20;
  await begin('buyer', ...ids('b', many));
  await allAre('buyer', 'DELAYED', many);
  await until('no place is taken', () => placesTaken() === 0);
  await begin('quick', 'next');
  await allAre('quick', 'SUCCESS', 1);
  await worker.stop();
  calls = [];
  await start();
  await begin('quick', 'after');
  await allAre('quick', 'SUCCESS', 2);
  // None of them was resumed by the restart, nor is polled while it waits.
  expect(calls).toEqual(['do after']);
  expect(await statuses('buyer')).toEqual(Array.from({ length: many }, () => 'DELAYED'));
  await ground.kysely.transaction().execute((sql) => signalSaga(sql, 'buyer:b7', 'paid', null, 'b7'));
  await until('the one that paid is thanked', () => calls.includes('thank b7'));
  expect(calls).toEqual(['do after', 'thank b7']);
  await until('it has ended', async () => (await statuses('buyer')).filter((each) => each === 'SUCCESS').length === 1);
  expect(await waitsOf('buyer:b7')).toEqual([]);
});

test('a message that arrives while its saga is being parked is received', async () => {
  const several = ids('r', 20);
  await begin('buyer', ...several);
  // Each gets its message at another moment: before it asks, while it is being parked, after that.
  for (const [n, id] of several.entries()) {
    await new Promise((resolve) => setTimeout(resolve, n));
    await ground.kysely.transaction().execute((sql) => signalSaga(sql, `buyer:${id}`, 'paid', null, id));
  }
  await allAre('buyer', 'SUCCESS', several.length);
  expect(calls.toSorted()).toEqual(several.flatMap((id) => [`ask ${id}`, `thank ${id}`]).toSorted());
});

test('sagas that take all places of their queue take none of the others', async () => {
  const held = Promise.withResolvers<void>();
  answer = () => held.promise;
  const many = QUEUES.BULK.places + 5;
  await begin('bulk', ...ids('i', many));
  await until('all its places are taken', () => placesTaken() === QUEUES.BULK.places);
  await begin('quick', 'order');
  await begin('urgent', 'cancellation');
  await allAre('quick', 'SUCCESS', 1);
  await allAre('urgent', 'SUCCESS', 1);
  expect((await statuses('bulk')).filter((each) => each === 'ENQUEUED')).toHaveLength(5);
  // A stuck queue is reported until it moves.
  expect(standing).toEqual([]);
  await ground.pool.query(
    `update dbos.workflow_status set updated_at = updated_at - $1::bigint where status = 'ENQUEUED'`,
    [(QUEUES.BULK.patienceSeconds + 1) * 1000],
  );
  await until('it is told', () => standing.length > 0);
  expect(standing[0]).toBe('QUEUE_STANDS');
  held.resolve();
  await allAre('bulk', 'SUCCESS', many);
  await until('it is told that it moves', () => standing.at(-1) === undefined);
});

test('a saga that fails for long is parked, resumes with its failure count, and is logged in full once', async () => {
  let failing = true;
  answer = async () => {
    if (failing) throw new Unavailable('away');
  };
  await begin('before', 'x');
  await allAre('before', 'DELAYED', 1);
  await until('no place is taken', () => placesTaken() === 0);
  const failed = attempts.length;
  expect(await waitsOf('before:x')).toEqual([{ step: 'fail', attempts: failed, later: true }]);
  await worker.stop();
  await start();
  await until('it has failed again', () => attempts.length > failed);
  expect(attempts.at(-1)).toEqual(['fail', failed + 1]);
  failing = false;
  await allAre('before', 'SUCCESS', 1);
  expect(calls.filter((call) => call !== 'fail x')).toEqual(['reserve x', 'take x']);
  expect(await waitsOf('before:x')).toEqual([]);
  const told = lines.filter((line) => line.step === 'fail');
  expect(told.map((line) => 'err' in line)).toEqual(told.map((_, n) => n === 0));
  for (const line of told.slice(1)) expect(JSON.stringify(line).length).toBeLessThan(500);
});

test('all sagas that wait for an outage go on when it is over, but not one with a failure of its own', async () => {
  let isAway = true;
  answer = async () => {
    if (isAway) throw new Unavailable('away');
  };
  const several = ids('w', 5);
  await begin('before', ...several);
  await allAre('before', 'DELAYED', several.length);
  // As after an outage of hours. One of them does not wait for the agent.
  await ground.pool.query(
    `with later as (update platform.saga_wait set until = now() + interval '1 hour', is_transient = saga_id <> 'before:w0')
     update dbos.workflow_status set delay_until_epoch_ms = delay_until_epoch_ms + 3600000 where status = 'DELAYED'`,
  );
  isAway = false;
  const failed = attempts.length;
  await begin('before', 'new');
  await until(
    'all but one have ended',
    async () => (await statuses('before')).filter((is) => is === 'SUCCESS').length === 5,
  );
  expect(attempts).toHaveLength(failed);
  const { rows } = await ground.pool.query(
    `select workflow_uuid as id from dbos.workflow_status where status = 'DELAYED'`,
  );
  expect(rows).toEqual([{ id: 'before:w0' }]);
});

test.each([
  ['a value that its agent does not take', new NeverWorks('"1000000000000000" is not a decimal number.')],
  ['a text that cannot be stored', Object.assign(new Error('invalid byte sequence'), { code: '22021' })],
  ['JSON with half of a pair', Object.assign(new Error('json'), { code: '22P02', detail: 'Unicode high surrogate' })],
])('%s has the saga undone at the first attempt', async (_, error) => {
  answer = async () => {
    throw error;
  };
  await begin('before', 'y');
  await allAre('before', 'SUCCESS', 1);
  expect(calls).toEqual(['reserve y', 'fail y', 'undo reserve y', 'cancel y']);
  expect(attempts).toEqual([]);
});

test('a permanent error after the pivot is reported to a person at once, and retried rarely', async () => {
  answer = async () => {
    throw new NeverWorks('That is no number.');
  };
  await begin('behind', 'z');
  await allAre('behind', 'DELAYED', 1);
  expect(attempts).toEqual([['fail', 18]]);
  expect(calls).toEqual(['reserve z', 'take z', 'fail z']);
  expect(await waitsOf('behind:z')).toEqual([{ step: 'fail', attempts: 18, later: true }]);
});

test('a stuck saga ends with its subject: undone before the pivot, and gone on after it', async () => {
  answer = async () => {
    throw new Unavailable('away');
  };
  await begin('before', 'o');
  await begin('behind', 'o');
  await allAre('before', 'DELAYED', 1);
  await allAre('behind', 'DELAYED', 1);
  calls = [];
  for (const name of ['before', 'behind']) await ground.pool.query(...callingOff(`${name}:o`, 'cancel:o'));
  await allAre('before', 'SUCCESS', 1);
  await allAre('behind', 'SUCCESS', 1);
  expect(calls.toSorted()).toEqual(['after o', 'cancel o', 'undo reserve o']);
  // Calling off a saga that has ended, or was never there, does nothing.
  await ground.pool.query(...callingOff('before:o', 'cancel:o'));
  await ground.pool.query(...callingOff('before:none', 'cancel:none'));
});

test('a saga is not started with an input that cannot be stored or is too large', async () => {
  const started = (input: Record<string, unknown>) =>
    ground.kysely.transaction().execute((transaction) => enqueueSaga(transaction, 'quick', 'bad', input));
  const bad: [Record<string, unknown>, string[]][] = [
    [{ name: 'a\0b' }, ['input', 'name']],
    [{ products: [{ name: 'fine' }, { values: ['x', 'half \ud800'] }] }, ['input', 'products', '1', 'values', '1']],
    [{ deep: { 'key\0': 1 } }, ['input', 'deep']],
    [{ text: 'x'.repeat(2_000_001) }, ['input']],
  ];
  for (const [input, path] of bad) {
    const refused = await started(input).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).userErrors).toMatchObject([{ code: 'INVALID_INPUT', path }]);
  }
  expect(await statuses('quick')).toEqual([]);
});

test('a poll of empty queues is one statement, and no transaction', async () => {
  const { pool } = ground.sagas;
  await until('no place is taken', () => placesTaken() === 0);
  const [query, connect] = [jest.spyOn(pool, 'query'), jest.spyOn(pool, 'connect')];
  try {
    const looks = () => query.mock.calls.filter(([text]) => String(text).includes('dbos.workflow_status')).length;
    await until('it has looked a few times', () => looks() > 3);
    // A single query takes its connection by a callback; a transaction by a promise.
    expect(connect.mock.calls.filter(([callback]) => callback === undefined)).toEqual([]);
    await begin('quick', 'a');
    await until('it is done', () => calls.includes('do a'));
    expect(connect.mock.calls.filter(([callback]) => callback === undefined)).not.toEqual([]);
  } finally {
    query.mockRestore();
    connect.mockRestore();
  }
});
