import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { isUnstorable } from '../platform/errors.ts';
import { type TestDatabase, testDatabase } from '../tests/support/database.ts';
import { createPool } from './pool.ts';

let database: TestDatabase;
const pools: pg.Pool[] = [];
beforeAll(async () => {
  database = await testDatabase();
  for (const prepare of [true, false])
    pools.push(createPool({ url: database.url, max: 1, name: 'agora test', prepare }));
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await database.drop();
});

/** Sends the value on a connection, as Kysely does. Returns the error. */
async function refusal(pool: pg.Pool, text: string, value: unknown): Promise<unknown> {
  const client = await pool.connect();
  try {
    return await client.query(text, [value]).catch((error: unknown) => error);
  } finally {
    client.release();
  }
}

test('half of a surrogate pair is refused as a NUL is, wherever it stands, and never stored as another character', async () => {
  for (const pool of pools) {
    for (const bad of ['a\ud800b', '\udc00', 'a\u0000b']) {
      expect(isUnstorable(await refusal(pool, 'select $1::text', bad))).toBe(true);
      expect(isUnstorable(await refusal(pool, 'select $1::text[]', ['good', bad]))).toBe(true);
      expect(isUnstorable(await refusal(pool, 'select $1::jsonb', JSON.stringify({ in: [bad] })))).toBe(true);
    }
    const { rows } = await pool.query('select $1::text as text', ['a😀b']);
    expect(rows).toEqual([{ text: 'a😀b' }]);
  }
});

test('text that is no JSON at all does not count as unstorable: it is a mistake of ours', async () => {
  expect(isUnstorable(await refusal(pools[0]!, 'select $1::jsonb', '{'))).toBe(false);
});
