import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Pool } from 'pg';
import { createPool } from '../../db/pool.ts';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { prepareSagas } from './worker.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => {}); // DBOS prints what it also throws.
  database = await testDatabase();
  pool = createPool({ url: database.url, max: 4, name: 'agora test prepare', int8: 'text' });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await pool?.end();
  await database?.drop();
});

/** A pool whose first connections fail with this error. */
function failing(times: number, error: Error): { pool: Pool; readonly asked: number } {
  let asked = 0;
  const connect = async () => {
    if (++asked <= times) throw error;
    return pool.connect();
  };
  const get = (target: Pool, name: keyof Pool) => {
    if (name === 'connect') return connect;
    const value = Reflect.get(target, name) as unknown;
    return typeof value === 'function' ? value.bind(target) : value;
  };
  return {
    pool: new Proxy(pool, { get: get as ProxyHandler<Pool>['get'] }),
    get asked() {
      return asked;
    },
  };
}

test('a transient error does not end the start: a server too busy for a connection is asked again', async () => {
  const slow = failing(1, new Error('Connection terminated due to connection timeout'));
  await prepareSagas({ url: database.url, pool: slow.pool });
  expect(slow.asked).toBeGreaterThan(1);
  const { rows } = await pool.query(`select to_regclass('dbos.workflow_status')::text as made`);
  expect(rows).toEqual([{ made: 'dbos.workflow_status' }]);
});

test('a server that refuses us is asked once', async () => {
  const refusing = failing(Infinity, Object.assign(new Error('password authentication failed'), { code: '28P01' }));
  await expect(prepareSagas({ url: database.url, pool: refusing.pool })).rejects.toThrow('password authentication');
  expect(refusing.asked).toBe(1);
});
