import type { Kysely } from 'kysely';
import { raw } from './raw.ts';

/**
 * Runs work in one process at a time, under a session-level advisory lock: of many with the same name one runs it, the
 * others skip it. The lock of a process that dies is released with its connection.
 * @param sessions direct connections to PostgreSQL: session locks do not work through a transaction pooler
 */
export async function inTurn(
  sessions: Kysely<any>,
  name: string,
  work: (session: Kysely<any>) => Promise<void>,
): Promise<void> {
  await sessions.connection().execute(async (connection) => {
    // A session-level lock, since an open transaction would hold back the tail of the event log.
    const { rows } = await raw<{ held: boolean }>(
      connection,
      `select pg_try_advisory_lock(1819239273, hashtext($1)) as held`,
      [name],
    );
    if (!rows[0]!.held) return;
    try {
      await work(connection);
    } finally {
      await raw(connection, `select pg_advisory_unlock(1819239273, hashtext($1))`, [name]);
    }
  });
}
