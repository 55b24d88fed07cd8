import pg from 'pg';
import type { LaunchOptions } from './launch.ts';
import type { Postmaster } from './postmaster.ts';

/** Whether a running server archives its log as a new one would; false also where it does not tell. */
export async function archivesLike({ settings, password }: LaunchOptions, { port }: Postmaster): Promise<boolean> {
  const client = new pg.Client({
    connectionString: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ mode: string; command: string }>(
      `select current_setting('archive_mode') as mode, current_setting('archive_command') as command`,
    );
    const { mode, command } = rows[0]!;
    const { archive_mode: wanted = 'off', archive_command } = settings;
    return mode === wanted && (wanted === 'off' || command === archive_command);
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
