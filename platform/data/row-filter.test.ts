import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { matches, type RowFilter, matching } from './row-filter.ts';

let database: TestDatabase;
const VALUES = ['a', 'b', '', "o'brien", null];
const ROWS = VALUES.flatMap((customerId, i) =>
  VALUES.map((merchantId, j) => ({ id: `${i}${j}`, customerId, merchantId })),
);

beforeAll(async () => {
  database = await testDatabase();
  await database.pool.query('create table thing (id text primary key, customer_id text, merchant_id text)');
  await database.kysely.insertInto('thing').values(ROWS).execute();
});

afterAll(() => database?.drop());

const inSql = async (rows: RowFilter): Promise<string[]> => {
  const found = await database.kysely.selectFrom('thing').select('id').where(matching(rows)).orderBy('id').execute();
  return found.map(({ id }) => id as string);
};
const inMemory = (rows: RowFilter): string[] => ROWS.filter((row) => matches(row, rows)).map(({ id }) => id);

const value = fc.constantFrom('a', 'b', '', "o'brien", 'c');
const match = fc.record({ customerId: value, merchantId: value }, { requiredKeys: [] });
const decisions: fc.Arbitrary<RowFilter> = fc.oneof(
  fc.constantFrom('ALL' as const, 'NONE' as const),
  fc.array(match, { maxLength: 4 }),
);

test('any row filter lets the same rows through in SQL and in memory', async () => {
  await fc.assert(fc.asyncProperty(decisions, async (rows) => expect(await inSql(rows)).toEqual(inMemory(rows))));
});

test('a row filter without a match lets nothing through', async () => {
  expect([await inSql([]), inMemory([])]).toEqual([[], []]);
  expect([await inSql('NONE'), inMemory('NONE')]).toEqual([[], []]);
});

test('a row without an owner matches no owner', async () => {
  expect(matches({ customer_id: null }, [{ customer_id: 'a' }])).toBe(false);
  expect(matches({}, [{ customer_id: 'a' }])).toBe(false);
});
