import type { Kysely } from 'kysely';
import { raw } from './raw.ts';

/**
 * Does a piece of work in one process at a time: of many that come with its name one does it, the others leave it to
 * that one. A process that dies frees it with its connection.
 * @param sessions connections to PostgreSQL itself: a session's lock is no pooler's
 */
export async function inTurn(
  sessions: Kysely<any>,
  name: string,
  work: (session: Kysely<any>) => Promise<void>,
): Promise<void> {
  await sessions.connection().execute(async (connection) => {
    // A session's lock, not a transaction's: an open transaction would hold back the tail of the event log.
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
