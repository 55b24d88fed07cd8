import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { Refusal, refuse, Unavailable } from '../errors.ts';
import { forgetOldKeys, lockOf } from './idempotency.ts';
import { raw } from './raw.ts';
import type { Work } from '../store/store.ts';

let small: SmallAgent;

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(async () => {
  await small.database.pool.query('truncate platform.event_log, small.note, small.idempotency');
});

const ONCE = {
  actor: 'user_1',
  operation: 'writeNote',
  key: 'k',
  request: { text: 'x', tags: ['a', 'b'] },
  locks: [],
  origin: {},
};

const writeNote =
  (id: string) =>
  async ({ sql, publish }: Work): Promise<{ id: string }> => {
    await sql.insertInto('note').values({ id, text: 'x' }).execute();
    publish(noteWritten, { aggregateId: id, aggregateVersion: 1, payload: { id, text: 'x' } });
    return { id };
  };

const rows = async (table: string): Promise<any[]> => (await small.database.pool.query(`select * from ${table}`)).rows;
const codeOf = (error: Refusal): string | undefined => error.userErrors[0]?.code;

test('twenty concurrent requests with one key run the work once, and all are answered with its outcome', async () => {
  let runs = 0;
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      small.store.idempotent(ONCE, (work) => {
        runs++;
        return writeNote(`note_${n}`)(work);
      }),
    ),
  );
  expect(runs).toBe(1);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect([await rows('small.note'), await rows('platform.event_log')].map((list) => list.length)).toEqual([1, 1]);
});

test('the lock of a key has the same text as in earlier releases, which may run beside this one', () => {
  expect(lockOf({ actor: 'user_1', operation: 'placeOrder', key: 'k', request: {} })).toBe('once:user_1:placeOrder:k');
});

test('a key with another request is refused, and nothing is written', async () => {
  await small.store.idempotent(ONCE, writeNote('a'));
  const error = await small.store
    .idempotent({ ...ONCE, request: { text: 'y' } }, writeNote('b'))
    .catch((e: Refusal) => e);
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).userErrors).toEqual([
    expect.objectContaining({ code: 'IDEMPOTENCY_KEY_REUSED', path: ['input', 'idempotencyKey'] }),
  ]);
  expect((await rows('small.note')).map((note) => note.id)).toEqual(['a']);
});

test('a request is the same however its fields are ordered, and whether absent ones are left out or null', async () => {
  const first = await small.store.idempotent({ ...ONCE, request: { a: 1, b: { c: 2n, d: null } } }, writeNote('a'));
  const again = await small.store.idempotent(
    { ...ONCE, request: { b: { d: undefined, c: 2n }, a: 1 } },
    writeNote('b'),
  );
  expect(again).toEqual(first);
  for (const request of [{ a: 1, b: { c: 3n } }, { a: '1', b: { c: 2n } }, { a: 1 }, [1, { c: 2n }]])
    expect(codeOf(await small.store.idempotent({ ...ONCE, request }, writeNote('c')).catch((e) => e))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
});

test.each([
  ['is empty', ''],
  ['has NUL', 'k\u0000'],
  ['has half of a surrogate pair', 'k\ud800'],
  ['is too long', '😀'.repeat(256)],
])('a key that %s is refused at its path, and nothing is written', async (_, key) => {
  const error = await small.store.idempotent({ ...ONCE, key }, writeNote('a')).catch((e: Refusal) => e);
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).userErrors).toEqual([
    expect.objectContaining({ code: 'INVALID_INPUT', path: ['input', 'idempotencyKey'] }),
  ]);
  expect(await rows('small.note')).toEqual([]);
});

test('a key of 255 characters is taken, of which each may be two UTF-16 code units', async () => {
  await small.store.idempotent({ ...ONCE, key: '😀'.repeat(255) }, writeNote('a'));
  expect(await rows('small.note')).toHaveLength(1);
});

test('the order of a list is part of the request', async () => {
  await small.store.idempotent(ONCE, writeNote('a'));
  const swapped = { ...ONCE, request: { ...ONCE.request, tags: ['b', 'a'] } };
  expect(codeOf(await small.store.idempotent(swapped, writeNote('b')).catch((e) => e))).toBe('IDEMPOTENCY_KEY_REUSED');
});

test("another actor's key, and the key of another operation, is another key", async () => {
  await small.store.idempotent(ONCE, writeNote('a'));
  await small.store.idempotent({ ...ONCE, actor: 'user_2' }, writeNote('b'));
  await small.store.idempotent({ ...ONCE, operation: 'eraseNote' }, writeNote('c'));
  expect((await rows('small.note')).map((note) => note.id).toSorted()).toEqual(['a', 'b', 'c']);
});

test('refused work leaves its key free', async () => {
  const refused = small.store.idempotent(ONCE, async (work) => {
    await writeNote('a')(work);
    throw refuse('INVALID_STATE', 'No.');
  });
  await expect(refused).rejects.toThrow('No.');
  expect([await rows('small.note'), await rows('small.idempotency'), await rows('platform.event_log')]).toEqual([
    [],
    [],
    [],
  ]);
  expect(await small.store.idempotent({ ...ONCE, request: 'another' }, writeNote('b'))).toEqual({ id: 'b' });
});

test('work that meets a transient fault is retried, and its effect is there once', async () => {
  let runs = 0;
  const outcome = await small.store.idempotent(ONCE, async (work) => {
    const made = await writeNote(`note_${++runs}`)(work);
    if (runs < 3) throw runs === 1 ? Object.assign(new Error('deadlock'), { code: '40P01' }) : new Unavailable('away');
    return made;
  });
  expect([runs, outcome]).toEqual([3, { id: 'note_3' }]);
  expect((await rows('small.note')).map((note) => note.id)).toEqual(['note_3']);
});

test('work whose connection is lost is retried on another connection', async () => {
  let runs = 0;
  await small.store.idempotent(ONCE, async (work) => {
    await writeNote('a')(work);
    if (++runs === 1) {
      const { rows: own } = await raw<{ pid: number }>(work.sql, 'select pg_backend_pid() as pid');
      await small.database.pool.query('select pg_terminate_backend($1)', [own[0]!.pid]);
    }
    return { id: 'a' };
  });
  expect(runs).toBe(2);
  expect(await rows('small.note')).toHaveLength(1);
});

test('the outcome of a key can be read without running the work', async () => {
  expect(await small.store.earlierOutcome(ONCE)).toBeUndefined();
  await small.store.idempotent(ONCE, writeNote('a'));
  expect(await small.store.earlierOutcome(ONCE)).toEqual({ id: 'a' });
  await expect(small.store.earlierOutcome({ ...ONCE, request: 'other' })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
});

test.each([
  ['', false],
  ['k'.repeat(256), false],
  ['k'.repeat(255), true],
  ["'; drop table note; --", true],
])('a key is 1 to 255 characters of any kind: %#', async (key, isFine) => {
  const answer: unknown = await small.store
    .idempotent({ ...ONCE, key }, writeNote('a'))
    .catch((error) => codeOf(error as Refusal));
  expect(answer).toEqual(isFine ? { id: 'a' } : 'INVALID_INPUT');
});

test('only the hash of a request is kept', async () => {
  await small.store.idempotent({ ...ONCE, request: { email: 'ada@agora.test' } }, writeNote('a'));
  expect(JSON.stringify(await rows('small.idempotency'))).not.toContain('ada@agora.test');
});

const { signal } = new AbortController();

test('a client’s key expires by age, that of a saga step only once no saga as old is under way', async () => {
  const { pool, kysely } = small.database;
  const actors = ['user_1', 'saga', 'agent:orchestration'];
  const now = new Date();
  const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
  for (const actor of actors)
    for (const days of [20, 31, 60, 90])
      await pool.query(
        `insert into small.idempotency (actor, operation, key, request_hash, outcome, created_at)
         values ($1, 'op', $2, '', '{}', $3)`,
        [actor, String(days), daysAgo(days)],
      );
  const left = async () =>
    (
      await pool.query(`select actor, array_agg(key order by key) as keys from small.idempotency group by 1`)
    ).rows.reduce((all, { actor, keys }) => ({ ...all, [actor]: keys }), {});
  // The saga horizon is not known yet.
  await forgetOldKeys(kysely, { schema: 'small', now, signal });
  const all = ['20', '31', '60', '90'];
  expect(await left()).toEqual({ user_1: ['20'], saga: all, 'agent:orchestration': all });
  await pool.query('insert into platform.saga_horizon (since) values ($1)', [daysAgo(61)]);
  await forgetOldKeys(kysely, { schema: 'small', now, signal });
  const young = ['20', '31', '60'];
  expect(await left()).toEqual({ user_1: ['20'], saga: young, 'agent:orchestration': young });
  await pool.query('update platform.saga_horizon set since = $1', [now]);
  await forgetOldKeys(kysely, { schema: 'small', now, signal });
  expect(await left()).toEqual({ user_1: ['20'], saga: ['20'], 'agent:orchestration': ['20'] });
});

test('the kept keys of a stuck saga are not read again with each chunk of deleted keys', async () => {
  const { pool, kysely } = small.database;
  const now = new Date();
  await pool.query(
    `insert into small.idempotency (actor, operation, key, request_hash, outcome, created_at)
     select case when n % 2 = 0 then 'saga' else 'user_1' end, 'op', n::text, '', '{}',
            $1::timestamptz - interval '60 days' + n * interval '1 second' from generate_series(1, 12000) n`,
    [now],
  );
  await pool.query('analyze small.idempotency');
  await pool.query(
    `insert into platform.saga_horizon (since) values ($1::timestamptz - interval '90 days')
     on conflict (one) do update set since = excluded.since`,
    [now],
  );
  const { forgotten, read } = await kysely.transaction().execute(async (transaction) => ({
    forgotten: await forgetOldKeys(transaction, { schema: 'small', now, signal }),
    read: (
      await raw<{ read: number }>(
        transaction,
        `select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables
          where relid = 'small.idempotency'::regclass`,
      )
    ).rows[0]!.read,
  }));
  expect(forgotten).toBe(6000);
  // Each deleted key is read to be found, and the planner reads the ends of the index; no kept key is read.
  expect(read).toBeLessThan(7000);
});
