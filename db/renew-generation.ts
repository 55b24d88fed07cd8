import pg from 'pg';

/**
 * Gives the event log a new generation after a restore that kept its transaction ids: what is appended from now on gets
 * places that other events had, which the restore has undone. So clients' cursors from before are refused
 * (`CURSOR_EXPIRED`), and they load the current state.
 */
export async function renewGeneration(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`update platform.log_identity set generation = substr(md5(gen_random_uuid()::text), 1, 8)`);
  } finally {
    await client.end();
  }
}
