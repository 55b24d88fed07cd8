import { getEventListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { raw } from '../data/raw.ts';
import { silentLogger } from '../log.ts';
import { encodeCursor, START } from './cursor.ts';
import { EventCheck } from './event-check.ts';
import { append, envelope } from './event-log.ts';
import { type Interest, type LiveEvent, LiveLog } from './live.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

let small: SmallAgent;
let live: LiveLog;
let ending: AbortController;
let running: Promise<void>;

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(async () => {
  await small.database.pool.query('truncate platform.event_log, small.note');
  ending = new AbortController();
  live = new LiveLog({ kysely: small.kysely, notifier: small.notifier, log: silentLogger });
  running = live.run(ending.signal);
});

afterEach(async () => {
  ending.abort();
  await running;
});

const TYPES = [noteWritten.type];
const follow = (interest: Partial<Interest> = {}) => live.follow({ types: TYPES, signal: ending.signal, ...interest });

/** Collects events until the test is over. */
function collect(interest: Partial<Interest> = {}): LiveEvent[] {
  const seen: LiveEvent[] = [];
  void (async () => {
    for await (const event of follow(interest)) seen.push(event);
  })();
  return seen;
}

const names = (events: LiveEvent[]): string[] =>
  events.map(({ event }) => `${event.aggregateId}${event.aggregateVersion}`);
const codeOf = (error: { extensions?: { code?: string } }): unknown => error.extensions?.code;

/** The whole log in order, once everything in it can be read. */
async function logged(): Promise<string[]> {
  await readableLog(small.kysely);
  const { rows } = await raw<{ name: string }>(
    small.kysely,
    'select aggregate_id || aggregate_version as name from platform.event_log order by xid, position',
  );
  return rows.map(({ name }) => name);
}

/** Follows until a first event has arrived, so that events written from here on must arrive too. */
async function joined(interest: Partial<Interest> = {}): Promise<LiveEvent[]> {
  const seen = collect(interest);
  await until('it hears', async () => (await small.write('knock'), seen.length > 0));
  // Those that an open transaction hides would come to followers that begin later.
  await readableLog(small.kysely);
  return seen;
}

test('a subscription without a cursor begins now', async () => {
  await small.write('old');
  await logged();
  const seen = await joined();
  await small.write('new');
  await until('it has come', () => names(seen).includes('new1'));
  expect(names(seen)).not.toContain('old1');
});

test('a new subscription is told its start cursor; one resumed by `after` or by aggregate is not', async () => {
  await small.write('old');
  await logged();
  const begun: string[] = [];
  const onBegin = (cursor: string): void => void begun.push(cursor);
  const seen = await joined({ onBegin });
  expect(begun).toHaveLength(1);
  const again = collect({ after: begun[0]!, onBegin });
  collect({ aggregateId: 'old', onBegin });
  await until('it has come', () => again.length > 0);
  expect(names(again)[0]).toBe(names(seen)[0]);
  expect(begun).toHaveLength(1);
});

test('a subscription to an aggregate begins with its first event, and has no others', async () => {
  for (const id of ['a', 'b', 'a']) await small.write(id);
  const seen = collect({ aggregateId: 'a' });
  await until('its history has come', () => seen.length === 2);
  await small.write('b');
  await small.write('a');
  await until('the next has come', () => seen.length === 3);
  expect(names(seen)).toEqual(['a1', 'a2', 'a3']);
});

test('a subscription has no events of other types', async () => {
  const [others, ours] = [collect({ types: ['other.type'] }), await joined()];
  await small.write('a');
  await until('ours has come', () => names(ours).includes('a1'));
  expect(others).toEqual([]);
});

test('subscriptions resumed from a cursor lose nothing and repeat nothing, while many write', async () => {
  let isOver = false;
  const writer = async (n: number): Promise<void> => {
    for (let i = 0; !isOver; i++) await small.write(`w${n}-${i % 3}-`);
  };
  const [first] = await Promise.all([follow({ aggregateId: 'w0-0-' }).next(), small.write('w0-0-')]);
  const start = (first.value as LiveEvent).cursor;
  const writing = Promise.all([0, 1, 2, 3].map(writer));
  // Subscribers that reconnect: each takes a few events and resumes from the cursor of the last.
  const hop = async (take: number, times: number): Promise<string[]> => {
    const seen: string[] = [];
    let after = start;
    for (let n = 0; n < times; n++) {
      const events = follow({ after });
      for (let i = 0; i < take; i++) {
        const { value } = await events.next();
        after = (value as LiveEvent).cursor;
        seen.push(...names([value as LiveEvent]));
      }
      await events.return();
    }
    return seen;
  };
  const [staying, ...hopping] = [
    collect({ after: start }),
    ...(await Promise.all([hop(1, 40), hop(13, 8), hop(50, 4)])),
  ];
  isOver = true;
  await writing;
  const all = (await logged()).slice(1);
  await until('the one who stayed has all', () => staying.length >= all.length);
  expect(names(staying)).toEqual(all);
  for (const seen of hopping) expect(seen).toEqual(all.slice(0, seen.length));
});

test('a subscriber that missed more than a page catches up page by page, and then joins the others', async () => {
  const { value } = await Promise.all([follow({ aggregateId: 'knock' }).next(), small.write('knock')]).then(
    ([next]) => next,
  );
  const events = Array.from({ length: 1203 }, (_, n) =>
    envelope(
      noteWritten,
      { aggregateId: `a${n % 2}-`, aggregateVersion: n, payload: { id: 'a', text: 'x' } },
      { source: 'small' },
    ),
  );
  await small.kysely.transaction().execute((transaction) => append(transaction, events));
  const [all, odd] = [
    collect({ after: (value as LiveEvent).cursor }),
    collect({ after: (value as LiveEvent).cursor, aggregateId: 'a1-' }),
  ];
  await until('they have caught up', () => all.length === 1203 && odd.length === 601);
  await small.write('late');
  await until('the latest has come', () => names(all).at(-1) === 'late1');
  expect(names(all)).toEqual((await logged()).slice(1));
});

describe('a cursor is refused if it', () => {
  /** The code of the refusal. A subscription that is opened instead ends by itself, with none. */
  const opening = (after: string) =>
    follow({ after, signal: AbortSignal.timeout(2000) })
      .next()
      .catch(codeOf);

  test.each(['', 'garbage', 'a.b.c', '0a1b2c3d.99999999999999999999.1', "0a1b2c3d.1.1'; --", '0a1b2c3d.08.1'])(
    'cannot be decoded: %j',
    async (after) => {
      expect(await opening(after)).toBe('BAD_USER_INPUT');
    },
  );

  test('is of another generation of the log', async () => {
    expect(await opening(encodeCursor({ xid: '999999999', position: '1' }, '00000000'))).toBe('CURSOR_EXPIRED');
  });

  test('is older than the log', async () => {
    const { rows } = await raw<{ generation: string }>(
      small.kysely,
      `update platform.log_identity set oldest_xid = '700' returning generation`,
    );
    const [gone, kept] = ['699', '700'].map((xid) => encodeCursor({ xid, position: '1' }, rows[0]!.generation));
    expect(await opening(gone!)).toBe('CURSOR_EXPIRED');
    await small.write('a');
    expect(names([(await follow({ after: kept }).next()).value as LiveEvent])).toEqual(['a1']);
    await raw(small.kysely, `update platform.log_identity set oldest_xid = '0'`);
  });

  test('is ahead of the log, but not if it has just been given while a transaction holds the tail back', async () => {
    const begun: string[] = [];
    await joined({ onBegin: (cursor) => void begun.push(cursor) });
    const generation = begun[0]!.split('.')[0]!;
    const { rows } = await raw<{ end: string }>(
      small.kysely,
      'select pg_snapshot_xmax(pg_current_snapshot())::text as end',
    );
    for (const xid of [String(BigInt(rows[0]!.end) + 1_000_000n), String(2n ** 64n - 1n)])
      expect(await opening(encodeCursor({ xid, position: '1' }, generation))).toBe('CURSOR_EXPIRED');

    const { resolve: release, promise: released } = Promise.withResolvers<void>();
    const { resolve: hold, promise: held } = Promise.withResolvers<void>();
    const holding = small.kysely.transaction().execute(async (transaction) => {
      await raw(transaction, 'select pg_current_xact_id()');
      hold();
      await released;
    });
    await held;
    const start = begun.length;
    const waiting = follow({ onBegin: (cursor) => void begun.push(cursor) }).next();
    await until('it has begun', () => begun.length > start);
    const resumed = follow({ after: begun.at(-1)! }).next();
    await small.write('a');
    release();
    await holding;
    for (const { value } of await Promise.all([waiting, resumed])) expect(names([value as LiveEvent])).toEqual(['a1']);
  });
});

test('a slow subscriber is cut off, can resume from its cursor, and harms no other', async () => {
  const slow = follow({ aggregateId: 'slow' });
  const [first] = await Promise.all([slow.next(), small.write('slow')]);
  const other = await joined();
  const flood = (from: number) =>
    small.kysely.transaction().execute((transaction) =>
      append(
        transaction,
        Array.from({ length: 2000 }, (_, n) =>
          envelope(
            noteWritten,
            { aggregateId: 'slow', aggregateVersion: from + n, payload: { id: 'slow', text: '' } },
            { source: 'small' },
          ),
        ),
      ),
    );
  for (const from of [2, 2002, 4002]) await flood(from);
  small.notifier.notify();
  await until('the other has all', () => names(other).at(-1) === 'slow6001');
  // After it has read the missed events by itself, at the latest, it finds its queue too long.
  const cut = await Array.fromAsync(slow).catch(codeOf);
  expect(cut).toBe('SLOW_CONSUMER');
  const again = follow({ aggregateId: 'slow', after: (first.value as LiveEvent).cursor });
  expect(names([(await again.next()).value as LiveEvent])).toEqual(['slow2']);
});

test('a subscriber that leaves while waiting is released at once, and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const events = follow({ signal, aggregateId: 'nobody' });
  const waiting = events.next();
  const seen = await joined();
  await events.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  await small.write('a');
  await until('others still hear', () => names(seen).includes('a1'));
});

test('the signal ends a subscription, before it begins and while it waits', async () => {
  const controller = new AbortController();
  const events = follow({ signal: controller.signal });
  const waiting = events.next();
  await joined();
  controller.abort();
  const { done } = await waiting;
  expect(done || (await events.next()).done).toBe(true);
  expect(await follow({ signal: controller.signal, aggregateId: 'knock' }).next()).toEqual({
    done: true,
    value: undefined,
  });
});

test('two subscribers that join at the same moment both get all events from then on', async () => {
  for (let round = 0; round < 10; round++) {
    const all = [
      collect({ aggregateId: `r${round}` }),
      collect({ aggregateId: `r${round}` }),
      collect({ aggregateId: `r${round}` }),
    ];
    await Promise.all([1, 2, 3, 4].map(() => small.write(`r${round}`)));
    await until('each has all', () => all.every((seen) => seen.length === 4));
  }
});

test('an event that is not what its sender signed is passed over, whether it is new or was missed', async () => {
  const check = new EventCheck({ signer: small.signer, log: silentLogger });
  const checked = new LiveLog({ kysely: small.kysely, notifier: small.notifier, log: silentLogger, check });
  const alsoRunning = checked.run(ending.signal);
  const collected = (after?: string) => {
    const seen: LiveEvent[] = [];
    void (async () => {
      for await (const event of checked.follow({ types: TYPES, signal: ending.signal, after })) seen.push(event);
    })();
    return seen;
  };
  const forge = async () => {
    const payload = { id: 'forged', text: 'x' };
    const forged = envelope(noteWritten, { aggregateId: 'forged', aggregateVersion: 1, payload }, { source: 'small' });
    await small.kysely.transaction().execute((transaction) => append(transaction, [forged]));
  };
  await small.write('a');
  await forge();
  await small.write('b');
  await readableLog(small.kysely);
  const { rows } = await raw<{ generation: string }>(small.kysely, 'select generation from platform.log_identity');
  const seen = collected(encodeCursor(START, rows[0]!.generation));
  await until('what was missed has come', () => seen.length === 2);
  await forge();
  await small.write('c');
  await until('what is new has come', () => seen.length >= 3);
  expect(names(seen)).toEqual(['a1', 'b1', 'c1']);
  ending.abort();
  await alsoRunning;
});
