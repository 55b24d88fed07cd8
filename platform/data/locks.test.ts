import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { until } from '../../tests/support/until.ts';
import { lock } from './locks.ts';
import { raw } from './raw.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(() => database?.drop());

const inTransaction = <T>(work: (transaction: Kysely<any>) => Promise<T>): Promise<T> =>
  database.kysely.transaction().execute(work);

const waiting = async (): Promise<number> => {
  const { rows } = await raw<{ n: bigint }>(
    database.kysely,
    `select count(*) as n from pg_locks l join pg_database d on d.oid = l.database
      where locktype = 'advisory' and not granted and datname = current_database()`,
  );
  return Number(rows[0]!.n);
};

test('locking draws no transaction id, so each holder of the lock has a higher id than the one before', async () => {
  await inTransaction(async (transaction) => {
    await lock(transaction, ['order:1', 'order:2']);
    const { rows } = await raw(transaction, 'select pg_current_xact_id_if_assigned() as xid');
    expect(rows).toEqual([{ xid: null }]);
  });
});

test('a command waits for the command that holds its key, and not for others', async () => {
  const order: string[] = [];
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const first = inTransaction(async (transaction) => {
    await lock(transaction, ['a', 'b']);
    held.resolve();
    await release;
    order.push('first');
  });
  await held.promise;
  const second = inTransaction(async (transaction) => {
    await lock(transaction, ['c', 'b']);
    order.push('second');
  });
  await until('the second waits', async () => (await waiting()) === 1);
  await inTransaction((transaction) => lock(transaction, ['d']).then(() => void order.push('other')));
  resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['other', 'first', 'second']);
});

test('many commands on the same keys, each in its own order and some named twice, never deadlock', async () => {
  const keys = Array.from({ length: 12 }, (_, n) => `key:${n}`);
  const shuffled = (seed: number): string[] =>
    keys
      .map((key, n) => ({ key, at: Math.sin(seed * 37 + n) }))
      .sort((a, b) => a.at - b.at)
      .map(({ key }) => key);
  let inside = 0;
  const run = (seed: number) =>
    inTransaction(async (transaction) => {
      await lock(transaction, [...shuffled(seed), keys[0]!]);
      expect(++inside).toBe(1);
      await raw(transaction, 'select 1');
      inside--;
    });
  await Promise.all(Array.from({ length: 60 }, (_, seed) => run(seed)));
  expect(inside).toBe(0);
});

test('locking no keys sends no statement', async () => {
  const executeQuery = (): never => {
    throw new Error('asked');
  };
  await expect(lock({ executeQuery } as never, [])).resolves.toBeUndefined();
});
