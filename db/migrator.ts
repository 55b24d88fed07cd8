/**
 * Brings the database to what the code expects: plain SQL files, one set a room, each applied once, in one transaction
 * with its record. An applied file is never edited; a change is a new file.
 */
import type pg from 'pg';
import { applyMigration } from './migrator/apply.ts';
import { type Migration, type MigrationSet, migrationsOf } from './migrator/files.ts';
import { Fault } from '../platform/errors.ts';
import { confine } from './confine.ts';
import { READER } from './embedded-postgres/roles.ts';
import { connectUnlimited, takeTurn } from './turn.ts';

export type { MigrationSet } from './migrator/files.ts';

/** A library's own migration of its tables: under our lock, since it has none. */
export interface LibraryMigration {
  /** The schema of its tables. */
  schema: string;
  /** The library and its version: the record of the migration. */
  name: string;
  /** Brings the tables up to date. Does nothing where they are. */
  apply(): Promise<void>;
}

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
 * @param report is called with each applied file, a line each, and the sum.
 * @param libraries come after our own files, each time: they know what is missing.
 * @returns number of our files that were applied.
 * @throws {Fault} `MIGRATION_EDITED`, `MIGRATION_FAILED` with file, line and reason, or `MIGRATION_MISNAMED`.
 */
export async function migrate(
  url: string,
  sets: readonly MigrationSet[],
  report: (line: string) => void,
  libraries: readonly LibraryMigration[] = [],
): Promise<number> {
  const start = performance.now();
  const migrations = sets.flatMap(migrationsOf);
  const client = await connectUnlimited(url, 'agora migrator');
  try {
    await takeTurn(client, report);
    await client.query(BOOKS);
    const applied = await appliedIn(client);
    const missing = migrations.filter((migration) => isMissing(migration, applied));
    for (const migration of missing) {
      const time = await applyMigration(client, migration, report);
      report(`${migration.schema}: ${migration.name} applied in ${Math.round(time)} ms`);
    }
    await confineReads(client, sets, report);
    for (const library of libraries) await applyLibrary(client, library);
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
 * The migrations that `migrate` would apply, in its order. Changes nothing.
 * @throws {Fault} as `migrate`
 */
export async function pendingMigrations(
  url: string,
  sets: readonly MigrationSet[],
  libraries: readonly LibraryMigration[] = [],
): Promise<Pick<Migration, 'schema' | 'name'>[]> {
  const migrations = sets.flatMap(migrationsOf);
  const client = await connectUnlimited(url, 'agora migrator');
  try {
    const { rows } = await client.query(`select to_regclass('platform.migration') is not null as "isThere"`);
    if (!rows[0]?.isThere) return [...migrations, ...libraries];
    const applied = await appliedIn(client);
    return [
      ...migrations.filter((migration) => isMissing(migration, applied)),
      ...libraries.filter(({ schema, name }) => !applied.has(`${schema}/${name}`)),
    ];
  } finally {
    await client.end();
  }
}

/** Checksums of the applied files. */
async function appliedIn(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ key: string; checksum: string }>(
    `select schema || '/' || name as key, checksum from platform.migration`,
  );
  return new Map(rows.map((row) => [row.key, row.checksum]));
}

/** Records a library's migration after it is done, so that processes which wait for the migrations wait for it too. */
async function applyLibrary(client: pg.Client, { schema, name, apply }: LibraryMigration): Promise<void> {
  await apply();
  await client.query(
    `insert into platform.migration (schema, name, checksum) values ($1, $2, '') on conflict (schema, name) do nothing`,
    [schema, name],
  );
}

/**
 * Confines reads of the embedded server's reader role; the roles of a server of one's own are confined by `npm run
 * db:roles`.
 */
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

function isMissing(migration: Migration, applied: Map<string, string>): boolean {
  const checksum = applied.get(`${migration.schema}/${migration.name}`);
  if (checksum === undefined || checksum === migration.checksum) return checksum === undefined;
  throw new Fault(
    'MIGRATION_EDITED',
    `${migration.schema}: ${migration.name} was edited after it was applied. Restore it, and put the change into a ` +
      'new file. (While developing, `npm start -- --reset` begins with an empty database.)',
  );
}
