import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { FixedClock } from '../clock.ts';
import { DatabaseMonitor, type DatabaseProbe, reasonOf, WRITE_PROBE } from './database-monitor.ts';

const clock = new FixedClock('2026-06-01T12:00:00Z');
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

/** A stand-in for a database, which refuses writes with the code set in its state. */
function pretended(isReadOnly = false) {
  const state = { code: undefined as string | undefined, writes: 0, fail: (_: unknown): void => {} };
  const probe: DatabaseProbe = {
    look: async () => ({ isReadOnly }),
    write: async () => {
      state.writes++;
      if (state.code) throw Object.assign(new Error('could not extend file'), { code: state.code });
    },
    onError: (listener) => (state.fail = listener),
    pool: () => ({ total: 0, idle: 0, waiting: 0 }),
  };
  return { state, monitor: new DatabaseMonitor(probe, clock) };
}

test('the first check writes, and those that follow soon do not', async () => {
  const { state, monitor } = pretended();
  for (let n = 0; n < 10; n++) await monitor.look();
  expect([state.writes, monitor.state.status]).toEqual([1, 'UP']);
});

test.each([
  ['53100', 'its disk is full: make room'],
  ['54000', 'it must be vacuumed before it takes writes: run VACUUM'],
  ['53200', 'it is out of memory: give'],
  ['25006', 'it is read-only: point DATABASE_URL'],
])('a write that fails with %s makes the database READ_ONLY, with the reason and the remedy', async (code, reason) => {
  const { state, monitor } = pretended();
  state.code = code;
  await monitor.look();
  expect(monitor.state).toMatchObject({ status: 'READ_ONLY', lastCode: code, lastError: 'could not extend file' });
  expect(reasonOf(monitor.state)).toContain(reason);
});

test('a failed write of an agent has the next check probe writes, which confirms or refutes it', async () => {
  const { state, monitor } = pretended();
  await monitor.look();
  state.fail(Object.assign(new Error('disk full'), { code: '53100' }));
  await monitor.look();
  expect([state.writes, monitor.state.status]).toEqual([2, 'UP']);
  state.fail(Object.assign(new Error('no such row'), { code: '23503' }));
  await monitor.look();
  expect(state.writes).toBe(2);
  state.code = '53100';
  state.fail(Object.assign(new Error('disk full'), { code: '53100' }));
  await monitor.look();
  expect(monitor.state.status).toBe('READ_ONLY');
});

test('the database stays READ_ONLY until a write succeeds, also when reads succeed meanwhile', async () => {
  const { state, monitor } = pretended();
  state.code = '53100';
  await monitor.look();
  state.code = undefined;
  await monitor.look();
  expect(monitor.state.status).toBe('READ_ONLY');
  state.fail({ code: '53100' }); // Instead of waiting for the time of the next try.
  await monitor.look();
  expect(monitor.state.status).toBe('UP');
});

test.each(['08006', '57P01', '42501', '40P01', 'ECONNRESET'])(
  'a write that is cut short (%s) says nothing of the others',
  async (code) => {
    const { state, monitor } = pretended();
    state.code = code;
    await monitor.look();
    expect(monitor.state.status).toBe('UP');
  },
);

test('a standby is not written to', async () => {
  const { state, monitor } = pretended(true);
  await monitor.look();
  expect([state.writes, monitor.state.status]).toEqual([0, 'READ_ONLY']);
  expect(reasonOf(monitor.state)).toContain('it is read-only');
});

test('the write probe is logged by PostgreSQL, takes disk space, and leaves nothing', async () => {
  const { pool } = database;
  const facts = async () => {
    const { rows } = await pool.query(
      `select pg_current_wal_insert_lsn()::text as wal,
              (select temp_bytes from pg_stat_database where datname = current_database()) as temporary`,
    );
    return rows[0];
  };
  const before = await facts();
  await pool.query(WRITE_PROBE);
  await pool.query('select pg_stat_force_next_flush()');
  const after = await facts();
  expect(after.wal).not.toBe(before.wal);
  expect(after.temporary).toBeGreaterThan(before.temporary);
  expect((await pool.query('show work_mem')).rows[0].work_mem).not.toBe('64kB');
});
