import { createPool } from '../db/pool.ts';

const CONNECTIONS = 16;

/** Single-row transactions that this server commits a second: the floor of everything durable. */
export async function singleRowCommits(url: string, seconds: number): Promise<number> {
  const pool = createPool({ url, max: CONNECTIONS, name: 'bench commits' });
  try {
    await pool.query(
      'create table if not exists single_row (id bigint generated always as identity primary key, text text)',
    );
    const started = performance.now();
    let commits = 0;
    const client = async () => {
      while (performance.now() - started < seconds * 1000) {
        await pool.query('insert into single_row (text) values ($1)', [
          'a row of about the usual length, as an event has',
        ]);
        commits++;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
    return commits / ((performance.now() - started) / 1000);
  } finally {
    await pool.end();
  }
}
