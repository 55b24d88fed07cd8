/** The ordinary role that the platform connects as, and the database that it owns. */
import pg from 'pg';
import { type Credentials, credentialsBroken } from './credentials.ts';
import { exposeStatementStatistics } from './statement-statistics.ts';

/** `invalid_password` */
const WRONG_PASSWORD = '28P01';

/**
 * Reader role of row-level security, assumed by `set local role` (db/confine.ts). The underscore keeps it apart from
 * agents' names.
 */
export const READER = 'agora_own_rows';

/**
 * Makes role and database `agora`, and the role {@link READER}, where they are missing: otherwise nothing is written,
 * as on a standby. Two processes that start at once take turns.
 * @param adminUrl of the superuser, on database `postgres`.
 * @param file where the passwords are stored.
 * @throws {Fault} `CREDENTIALS_BROKEN` when the server has other passwords
 */
export async function makeRoleAndDatabase(adminUrl: string, credentials: Credentials, file: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
  admin.on('error', () => {});
  await admin.connect().catch((error: Error & { code?: string }) => {
    throw error.code === WRONG_PASSWORD ? credentialsBroken(file, 'holds another password than the server’s') : error;
  });
  try {
    await admin.query(`select pg_advisory_lock(hashtextextended('agora.role', 0))`);
    const { rows } = await admin.query<{ role: boolean; reader: boolean; granted: boolean; base: boolean }>(
      `select exists (select from pg_roles where rolname = 'agora') as role,
              exists (select from pg_roles where rolname = $1) as reader,
              exists (select from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles a on a.oid = m.member
                       where r.rolname = $1 and a.rolname = 'agora' and m.set_option) as granted,
              exists (select from pg_database where datname = 'agora') as base`,
      [READER],
    );
    if (!rows[0]?.role) {
      await admin.query(`create role agora login password ${pg.escapeLiteral(credentials.agora)}`);
    }
    if (!rows[0]?.reader) await admin.query(`create role ${READER} nologin`);
    if (!rows[0]?.granted) await admin.query(`grant ${READER} to agora with inherit false, set true`);
    if (!rows[0]?.base) await admin.query('create database agora owner agora');
    await exposeStatementStatistics(admin);
  } finally {
    await admin.end();
  }
}
