import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/**
 * Runs work as the owner of the event log. Where agents have roles of their own the owner is another role (db/roles.ts),
 * which this session assumes by SET ROLE meanwhile; where all share one role it is the owner already.
 */
export async function asKeeper<T>(session: Kysely<any>, work: () => Promise<T>): Promise<T> {
  const { rows } = await raw<{ keeper: string }>(
    session,
    `select quote_ident(pg_get_userbyid(relowner)) as keeper from pg_class
      where oid = 'platform.event_log'::regclass and pg_get_userbyid(relowner) <> current_user`,
  );
  if (!rows[0]) return work();
  await raw(session, `set role ${rows[0].keeper}`);
  try {
    return await work();
  } finally {
    await raw(session, 'reset role');
  }
}
