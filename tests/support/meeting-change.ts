import type pg from 'pg';
import { until } from './until.ts';

/** Does work that meets rows which another transaction is changing: that one commits once the work waits for it. */
export async function meetingChange(pool: pg.Pool, change: string, work: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(change);
    const working = work();
    await until('the work waits for the change', async () => {
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return (await pool.query(waiting)).rows.length > 0;
    });
    await client.query('commit');
    await working;
  } finally {
    client.release();
  }
}
