import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/**
 * Does what only the log's owner may. Where agents have roles of their own that is another role (db/roles.ts), which
 * this session becomes for as long as it takes; where all share one connection it is ourselves.
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
