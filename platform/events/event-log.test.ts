import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { lock } from '../data/locks.ts';
import { raw } from '../data/raw.ts';
import { type Cursor, START } from './cursor.ts';
import { defineEvent } from './define-event.ts';
import {
  append,
  envelope,
  horizon,
  type LoggedEvent,
  logIdentity,
  readAggregate,
  readLog,
  whyExpired,
} from './event-log.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

let small: SmallAgent;

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(async () => {
  await small.database.pool.query('truncate platform.event_log, small.note');
});

const named = (aggregateId: string, aggregateVersion: number, text = 'x') =>
  envelope(noteWritten, { aggregateId, aggregateVersion, payload: { id: aggregateId, text } }, { source: 'small' });

/** Reads to the end of the log, which transactions in other databases of the server may hold back for a moment. */
async function readAll(count: number, types?: string[], limit = 3): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  let at: Cursor = START;
  await until(`${count} events are read`, async () => {
    const page = await readLog(small.kysely, at, { limit, types });
    at = page.next;
    events.push(...page.events);
    return events.length >= count && page.scanned === 0;
  });
  return events;
}

/** Events that are written before the writers stop. */
const ENOUGH = 400;

test('eight writers that pause and roll back, three readers: nothing lost, nothing twice, each aggregate in order', async () => {
  const versions = new Map<string, number>();
  let count = 0;
  let over = false;

  const write = async (writer: number): Promise<void> => {
    for (let n = 0; count < ENOUGH; n++) {
      const ids = [`a${(writer * 7 + n) % 5}`, ...(n % 4 ? [] : [`a${(n * 3) % 5}`])];
      await small.kysely
        .transaction()
        .execute(async (transaction) => {
          await lock(transaction, ids);
          for (const id of new Set(ids)) {
            const version = (versions.get(id) ?? 0) + 1;
            await append(transaction, [named(id, version)]);
            await raw(transaction, `select pg_sleep($1)`, [((writer * n) % 6) / 200]);
            if ((writer + n) % 17 === 0) throw new Error('changed its mind');
            versions.set(id, version);
          }
          count += new Set(ids).size;
        })
        .catch((error: Error) => {
          // Only the deliberate rollbacks are expected.
          if (error.message !== 'changed its mind') throw error;
        });
    }
  };
  const read = async (limit: number): Promise<LoggedEvent[]> => {
    const seen: LoggedEvent[] = [];
    let at: Cursor = START;
    for (;;) {
      const wasOver = over;
      const page = await readLog(small.kysely, at, { limit });
      at = page.next;
      seen.push(...page.events);
      if (wasOver && page.scanned === 0) return seen;
    }
  };

  const readers = [7, 50, 200].map(read);
  await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
  await readableLog(small.kysely);
  over = true;
  const { rows } = await raw<{ id: string }>(small.kysely, 'select id from platform.event_log order by xid, position');
  const written = rows.map(({ id }) => id);
  expect(written.length).toBeGreaterThanOrEqual(ENOUGH);
  for (const seen of await Promise.all(readers)) {
    expect(seen.map(({ id }) => id)).toEqual(written);
    for (const [aggregate, events] of Map.groupBy(seen, ({ aggregateId }) => aggregateId)) {
      const order = events.map(({ aggregateVersion }) => aggregateVersion);
      expect({ aggregate, order }).toEqual({ aggregate, order: order.toSorted((a, b) => a - b) });
    }
  }
});

test('a committed event becomes readable after an older transaction ends, whose events come before it', async () => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const older = small.kysely.transaction().execute(async (transaction) => {
    await append(transaction, [named('older', 1)]);
    begun.resolve();
    await release.promise;
  });
  await begun.promise;
  await small.write('newer');
  const { rows } = await raw(small.kysely, 'select from platform.event_log');
  expect(rows).toHaveLength(1);
  expect(await readLog(small.kysely, START, { limit: 10 })).toEqual({ events: [], next: START, scanned: 0 });
  release.resolve();
  await older;
  expect((await readAll(2)).map(({ aggregateId }) => aggregateId)).toEqual(['older', 'newer']);
});

test('an event is read as it was published, with integers beyond the precision of a float', async () => {
  const counted = defineEvent('thing.counted', {
    aggregate: 'thing',
    description: '.',
    payload: z.object({ n: z.bigint(), text: z.string() }),
  });
  const event = { aggregateId: 't', aggregateVersion: 4, payload: { n: 2n ** 60n, text: `"'\\ ü 😀` } };
  const from = { source: 'small', correlationId: 'req_1', causationId: '01890000-0000-7000-8000-000000000001' };
  await small.kysely.transaction().execute((transaction) => append(transaction, [envelope(counted, event, from)]));
  expect(await readAll(1)).toEqual([
    expect.objectContaining({
      ...event,
      ...from,
      type: 'thing.counted',
      aggregateType: 'thing',
      payload: { n: (2n ** 60n).toString(), text: `"'\\ ü 😀` },
      at: expect.any(Date),
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
    }),
  ]);
});

test('the events of one transaction stand in the order in which they were published', async () => {
  const events = Array.from({ length: 50 }, (_, n) => named(`a${n % 3}`, n));
  await small.kysely.transaction().execute((transaction) => append(transaction, events));
  expect((await readAll(50, undefined, 7)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
});

test('the cursor moves past events of other types', async () => {
  for (const id of ['a', 'b', 'c']) await small.write(id);
  await readAll(3);
  const page = await readLog(small.kysely, START, { limit: 2, types: ['other.type'] });
  expect(page).toMatchObject({ events: [], scanned: 2 });
  const rest = await readLog(small.kysely, page.next, { limit: 10, types: ['note.written'] });
  expect(rest.events.map(({ aggregateId }) => aggregateId)).toEqual(['c']);
});

test("one aggregate's history is read page by page", async () => {
  for (let n = 0; n < 5; n++) for (const id of ['a', 'b']) await small.write(id);
  await readAll(10);
  const first = await readAggregate(small.kysely, 'a', START, 3);
  const second = await readAggregate(small.kysely, 'a', first.at(-1)!, 3);
  expect([...first, ...second].map(({ aggregateVersion }) => aggregateVersion)).toEqual([1, 2, 3, 4, 5]);
});

test('events written from now on come after the horizon, also those of a transaction that runs already', async () => {
  await small.write('before');
  await readAll(1);
  const begun = Promise.withResolvers<Cursor>();
  await small.kysely.transaction().execute(async (transaction) => {
    await append(transaction, [named('during', 1)]);
    begun.resolve(await horizon(small.kysely));
  });
  await small.write('after');
  await readAll(3);
  const page = await readLog(small.kysely, await begun.promise, { limit: 10 });
  expect(page.events.map(({ aggregateId }) => aggregateId)).toEqual(['during', 'after']);
});

test.each([
  ['of its oldest transaction', 'a', '7', '9', undefined],
  ['of the last one before its end', 'a', '8', '9', undefined],
  ['of one before its oldest', 'a', '6', '9', 'is older than the log'],
  ['of another log', 'b', '8', '9', 'is older than the log'],
  ['at its end', 'a', '9', '9', 'is ahead of the log'],
  ['behind the end, which a standby does not know', 'a', '10', null, undefined],
])('a cursor %s', (_, generation, xid, endXid, why) => {
  expect(whyExpired({ generation, xid }, { generation: 'a', oldestXid: '7', endXid })).toBe(why);
});

test('the log has a generation, an oldest transaction, a first signed one, and an end above every event', async () => {
  expect(await logIdentity(small.kysely)).toEqual({
    generation: expect.stringMatching(/^[\da-f]{8}$/),
    oldestXid: '0',
    signedFrom: expect.stringMatching(/^\d+$/),
    endXid: expect.stringMatching(/^\d+$/),
  });
  await small.write('a');
  const [event] = await readAll(1);
  expect(BigInt((await logIdentity(small.kysely)).endXid!)).toBeGreaterThan(BigInt(event!.xid));
});
