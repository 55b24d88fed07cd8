/** Figures of each statement, by `pg_stat_statements` (https://www.postgresql.org/docs/18/pgstatstatements.html). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { Fault } from '../../platform/errors.ts';

/** Where the packages of the platforms have the library. */
const LIBRARIES = [
  'lib/postgresql/pg_stat_statements.so',
  'lib/postgresql/pg_stat_statements.dylib',
  'lib/pg_stat_statements.dll',
];

/**
 * The settings of a server that keeps them. Utility statements are left out: some hold passwords.
 * @param binaries folder of PostgreSQL's programs.
 * @throws {Fault} `NO_STATEMENT_STATISTICS` when the package for this platform lacks the library, with which the server
 * would not start
 */
export function statementStatistics(binaries: string): Record<string, string> {
  if (!LIBRARIES.some((file) => existsSync(join(binaries, file))))
    throw new Fault(
      'NO_STATEMENT_STATISTICS',
      'The embedded PostgreSQL of this platform has no pg_stat_statements: leave DATABASE_STATEMENT_STATISTICS off.',
    );
  return { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track_utility': 'off' };
}

/**
 * Makes them readable in the database `postgres`, where those of all databases are found, and which backups leave out.
 * Does nothing on a server that keeps none.
 * @param admin session of the superuser in that database.
 */
export async function exposeStatementStatistics(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ missing: boolean }>(
    `select current_setting('shared_preload_libraries') like '%pg_stat_statements%'
        and not exists (select from pg_extension where extname = 'pg_stat_statements') as missing`,
  );
  if (rows[0]?.missing) await admin.query('create extension pg_stat_statements');
}
