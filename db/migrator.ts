/**
 * Brings the database to what the code expects: plain SQL files, one set a room, each applied once, in one
 * transaction with its record. An applied file is never edited; what is to change is a new file.
 */
import pg from 'pg';
import { applyMigration } from './migrator/apply.ts';
import { type Migration, type MigrationSet, migrationsOf } from './migrator/files.ts';
import { Fault } from '../platform/errors.ts';
import { confine } from './confine.ts';
import { READER } from './embedded-postgres/roles.ts';
import { limitsAsOptions } from './pool.ts';

export type { MigrationSet } from './migrator/files.ts';

const BOOKS = `
  create schema if not exists platform;
  create table if not exists platform.migration (
    schema text not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    primary key (schema, name)
  )`;

/**
 * Applies what is not applied yet, set after set. One process at a time: another waits, and finds it done.
 * @param url of a role that may create schemas; it comes to own what it makes.
 * @param report is told each applied file, a line each, and the sum.
 * @returns how many were applied.
 * @throws {Fault} `MIGRATION_EDITED`, `MIGRATION_FAILED` with file, line and reason, or `MIGRATION_MISNAMED`.
 */
export async function migrate(
  url: string,
  sets: readonly MigrationSet[],
  report: (line: string) => void,
): Promise<number> {
  const start = performance.now();
  const migrations = sets.flatMap(migrationsOf);
  const client = await connect(url);
  try {
    await takeTurn(client, report);
    await client.query(BOOKS);
    const missing = await missingOf(client, migrations);
    for (const migration of missing) {
      const time = await applyMigration(client, migration, report);
      report(`${migration.schema}: ${migration.name} applied in ${Math.round(time)} ms`);
    }
    await confineReads(client, sets, report);
    const took = Math.round(performance.now() - start);
    report(
      missing.length
        ? `${missing.length} of ${migrations.length} migrations applied in ${took} ms`
        : `all ${migrations.length} migrations were applied before (${took} ms)`,
    );
    return missing.length;
  } finally {
    await client.end(); // Ends the session, and its lock with it.
  }
}

/**
 * What `migrate` would apply, in its order. Changes nothing.
 * @throws {Fault} as `migrate`
 */
export async function pendingMigrations(url: string, sets: readonly MigrationSet[]): Promise<Migration[]> {
  const migrations = sets.flatMap(migrationsOf);
  const client = await connect(url);
  try {
    const { rows } = await client.query(`select to_regclass('platform.migration') is not null as "isThere"`);
    return rows[0]?.isThere ? await missingOf(client, migrations) : migrations;
  } finally {
    await client.end();
  }
}

async function missingOf(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ key: string; checksum: string }>(
    `select schema || '/' || name as key, checksum from platform.migration`,
  );
  const applied = new Map(rows.map((row) => [row.key, row.checksum]));
  return migrations.filter((migration) => isMissing(migration, applied));
}

/** A session of its own without time limits: building an index takes what it takes. */
async function connect(url: string): Promise<pg.Client> {
  const none = { transactionTimeout: 0, statementTimeout: 0, lockTimeout: 0, idleInTransactionTimeout: 0 };
  const client = new pg.Client({
    connectionString: url,
    application_name: 'agora migrator',
    options: `${limitsAsOptions(none)} -c client_min_messages=warning`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** For the reader of the embedded server; those of a server of one's own are `npm run db:roles`'s. */
async function confineReads(
  client: pg.Client,
  sets: readonly MigrationSet[],
  report: (line: string) => void,
): Promise<void> {
  const { rows } = await client.query(
    `select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'SET')`,
    [READER],
  );
  if (rows.length === 0) return;
  const readers = sets.flatMap(({ schema, confined }) => (confined ? [{ schema, confined, role: READER }] : []));
  await client.query(`begin; set local lock_timeout = '2s'`);
  const changed = await confine(client, readers);
  await client.query('commit');
  if (changed > 0) report(`${changed} policies of rows were set`);
}

/** Two processes that start at once: one migrates, the other waits. */
async function takeTurn(client: pg.Client, report: (line: string) => void): Promise<void> {
  const lock = `hashtextextended('agora.migrations', 0)`;
  const { rows } = await client.query<{ mine: boolean }>(`select pg_try_advisory_lock(${lock}) as mine`);
  if (rows[0]?.mine) return;
  report('another process is migrating this database: waiting for it');
  await client.query(`select pg_advisory_lock(${lock})`);
}

function isMissing(migration: Migration, applied: Map<string, string>): boolean {
  const checksum = applied.get(`${migration.schema}/${migration.name}`);
  if (checksum === undefined || checksum === migration.checksum) return checksum === undefined;
  throw new Fault(
    'MIGRATION_EDITED',
    `${migration.schema}: ${migration.name} was edited after it was applied. Restore it, and put the change into a ` +
      'new file. (While developing, `npm start -- --reset` begins with an empty database.)',
  );
}
