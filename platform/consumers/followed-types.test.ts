/** Two releases of one consumer at the same time: the newer handles `note.read` too, or no longer. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { noteEffect, noteRead, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { raw } from '../data/raw.ts';
import { silentLogger } from '../log.ts';
import { Backstop } from './backstop.ts';
import type { Consumer } from './consumer.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { FOLLOWED_FOR_S, followedBy } from './followed-types.ts';
import { on } from './handler.ts';
import { redrive } from './parked.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

let small: SmallAgent;

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(() => small.empty());

const [WRITTEN, READ] = [noteWritten.type, noteRead.type];
/** A process of the consumer that handles these types. */
const handling = (types: readonly string[], more?: Partial<ConsumerOptions>): Consumer =>
  small.consumer(
    'reader',
    [noteWritten, noteRead]
      .filter(({ type }) => types.includes(type))
      .map(({ type, payload }) => on<unknown>(type, payload, ({ sql }, event) => noteEffect(sql, 'reader', event))),
    more,
  );

/** Publishes that a note was read, at its next version. */
const read = (id: string): Promise<void> =>
  small.store.write({ locks: [`note:${id}`], origin: {} }, async ({ sql, publish }) => {
    const { rows } = await raw<{ version: number }>(
      sql,
      `insert into small.note as n (id, text) values ($1, 'x')
       on conflict (id) do update set version = n.version + 1 returning version`,
      [id],
    );
    publish(noteRead, { aggregateId: id, aggregateVersion: rows[0]!.version, payload: { id } });
  });

const rowsOf = async (sql: string) => (await small.database.pool.query(sql)).rows;
/** The effects so far, in order: the aggregate and its version. */
const applied = async (): Promise<string[]> =>
  (await rowsOf('select aggregate_id, version from small.effect order by n')).map((e) => e.aggregate_id + e.version);
const parked = async (): Promise<string[]> =>
  (await rowsOf('select aggregate_key as key from platform.parked_event order by xid, position')).map(({ key }) => key);
const followed = async (): Promise<string[]> => (await rowsOf('select types from platform.log_cursor'))[0].types;
/** Lets a process read to the end of the log, and then try what is parked. */
async function turn(consumer: Consumer): Promise<void> {
  await readableLog(small.kysely);
  while ((await consumer.step()) !== 'idle');
  while ((await consumer.retryParked()) === 'more');
}
/** Lets a minute pass for the types that are marked as not handled. */
const aMinuteLater = () =>
  raw(
    small.kysely,
    `update platform.log_cursor set unhandled =
       (select coalesce(jsonb_object_agg(key, value::float8 - ${FOLLOWED_FOR_S}), '{}') from jsonb_each_text(unhandled))`,
  );

describe.each(['NOW', 'OLDEST'] as const)('while a release rolls out that handles a new type (begins %s)', (begins) => {
  test('the older process moves past no event that only the newer handles', async () => {
    const [older, newer] = [handling([WRITTEN], { begins }), handling([WRITTEN, READ], { begins })];
    await older.register();
    await newer.register();
    await read('x');
    await small.write('a');
    await turn(older);
    expect([await applied(), await parked()]).toEqual([['a1'], ['note:x']]);
    await turn(newer);
    await read('y');
    await turn(newer);
    expect([await applied(), await parked()]).toEqual([['a1', 'x1', 'y1'], []]);
  });
});

test('an older process that is already following the log hears of the type by its next batch', async () => {
  const [older, newer] = [handling([WRITTEN]), handling([WRITTEN, READ])];
  await older.register();
  await small.write('a');
  await turn(older);
  await newer.register();
  await read('x');
  await turn(older);
  await small.write('x');
  await turn(older);
  expect([await applied(), await parked()]).toEqual([['a1'], ['note:x', 'note:x']]);
  await turn(newer);
  expect([await applied(), await parked()]).toEqual([['a1', 'x1', 'x2'], []]);
});

test('both at work, with restarts of the older, handle each event once and in the order of its aggregate', async () => {
  const ending = new AbortController();
  const backstop = new Backstop(silentLogger);
  const newer = handling([WRITTEN, READ], { backstop });
  await newer.register();
  const runs = [backstop.run(ending.signal), newer.run(ending.signal)];
  for (let round = 0; round < 6; round++) {
    const older = handling([WRITTEN], { backstop });
    await older.register();
    const own = new AbortController();
    runs.push(older.run(AbortSignal.any([ending.signal, own.signal])));
    for (let n = 0; n < 12; n++) await (n % 3 === 0 ? read(`a${n % 4}`) : small.write(`a${n % 4}`));
    if (round % 2 === 0) own.abort();
  }
  await until('all are applied', async () => (await applied()).length >= 72).finally(() => ending.abort());
  await Promise.all(runs);
  const effects = await applied();
  for (const id of ['a0', 'a1', 'a2', 'a3'])
    expect(effects.filter((effect) => effect.startsWith(id))).toEqual(
      Array.from({ length: 18 }, (_, n) => `${id}${n + 1}`),
    );
  expect(await parked()).toEqual([]);
});

test('a newer process that dies and comes back within a minute finds what came meanwhile', async () => {
  const older = handling([WRITTEN]);
  await older.register();
  await handling([WRITTEN, READ]).register();
  await read('x');
  await turn(older);
  await older.register();
  await turn(older);
  const again = handling([WRITTEN, READ]);
  await again.register();
  await turn(again);
  expect([await applied(), await parked(), await followed()]).toEqual([['x1'], [], [READ, WRITTEN]]);
});

test('after a rollback the type is followed for another minute, and its events hold up nothing then', async () => {
  const [older, newer] = [handling([WRITTEN]), handling([WRITTEN, READ])];
  await newer.register();
  await older.register();
  await read('x');
  await small.write('x');
  await turn(older);
  expect([await applied(), await parked(), await followed()]).toEqual([[], ['note:x', 'note:x'], [READ, WRITTEN]]);
  await aMinuteLater();
  await turn(older);
  expect([await applied(), await parked(), await followed()]).toEqual([['x2'], [], [WRITTEN]]);
  await read('x');
  await small.write('x');
  await turn(older);
  expect([await applied(), await parked()]).toEqual([['x2', 'x4'], []]);
});

test('a type whose process shows itself within the minute stays, however long the releases differ', async () => {
  const [older, newer] = [handling([WRITTEN]), handling([WRITTEN, READ])];
  await newer.register();
  await older.register();
  for (let n = 1; n <= 3; n++) {
    await small.write('a');
    await turn(older);
    await turn(newer);
    await aMinuteLater();
  }
  await read('x');
  await turn(older);
  await turn(newer);
  expect(await applied()).toEqual(['a1', 'a2', 'a3', 'x1']);
});

test('an event that failed under a handler which is gone becomes a dead letter that says so', async () => {
  const failing = small.consumer('reader', [
    on(READ, noteRead.payload, async () => {
      throw new Error('cannot read this');
    }),
  ]);
  await failing.register();
  await read('x');
  await turn(failing);
  const older = handling([WRITTEN]);
  await older.register();
  await turn(older);
  expect(await rowsOf('select attempts, error from platform.parked_event')).toEqual([
    { attempts: 1, error: 'cannot read this' },
  ]);
  await aMinuteLater();
  await small.kysely.transaction().execute((transaction) => redrive(transaction, 'reader', 'note:x'));
  for (let n = 0; n < 9; n++) {
    await turn(older);
    await raw(small.kysely, 'update platform.parked_event set next_at = now()');
  }
  expect(await rowsOf('select state, error from platform.parked_event')).toEqual([
    { state: 'DEAD', error: 'no process handles note.read any more: discard it' },
  ]);
});

describe('the types that a consumer follows', () => {
  test('are all that its processes handle, and those that this one does not are marked once', () => {
    expect(followedBy({ types: ['a', 'b'], unhandled: {} }, ['b', 'c'], 100)).toEqual({
      types: ['a', 'b', 'c'],
      unhandled: { a: 100 },
    });
    expect(followedBy({ types: ['a', 'b', 'c'], unhandled: { a: 100 } }, ['b', 'c'], 130)).toEqual({
      types: ['a', 'b', 'c'],
      unhandled: { a: 100 },
    });
  });

  test('lose a mark by the process that handles the type, and no other mark', () => {
    expect(followedBy({ types: ['a', 'b', 'c'], unhandled: { a: 100, c: 100 } }, ['a', 'b'], 130)).toEqual({
      types: ['a', 'b', 'c'],
      unhandled: { c: 100 },
    });
  });

  test('end with a mark of a minute', () => {
    const marked = { types: ['a', 'b'], unhandled: { a: 100 } };
    expect(followedBy(marked, ['b'], 100 + FOLLOWED_FOR_S - 0.1).types).toEqual(['a', 'b']);
    expect(followedBy(marked, ['b'], 100 + FOLLOWED_FOR_S)).toEqual({ types: ['b'], unhandled: {} });
  });
});
