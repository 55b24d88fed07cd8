import pg from 'pg';
import { Fault } from '../../platform/errors.ts';
import type { Migration } from './files.ts';

/** A file that begins with this line holds one statement that cannot run in a transaction, as an index built aside. */
const ALONE = /^-- no transaction\b/;

/**
 * Applies one migration and records it, in one transaction unless the file asks for none.
 * @returns how long it took, in milliseconds.
 * @throws {Fault} `MIGRATION_FAILED` with file, line and PostgreSQL's reason. Nothing of the file stays then, unless
 * it runs outside a transaction.
 */
export async function applyMigration(client: pg.Client, migration: Migration): Promise<number> {
  const start = performance.now();
  const schema = pg.escapeIdentifier(migration.schema);
  const alone = ALONE.test(migration.sql);
  try {
    await client.query(`create schema if not exists ${schema}`);
    if (!alone) await client.query('begin');
    await client.query(`set ${alone ? '' : 'local '}search_path to ${schema}`);
    await client.query(migration.sql);
    await client.query('insert into platform.migration (schema, name, checksum) values ($1, $2, $3)', [
      migration.schema,
      migration.name,
      migration.checksum,
    ]);
    await client.query(alone ? 'reset search_path' : 'commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {});
    throw failure(migration, cause as pg.DatabaseError);
  }
  return performance.now() - start;
}

function failure(migration: Migration, cause: pg.DatabaseError): Fault {
  const { schema, name, sql } = migration;
  const line = cause.position ? sql.slice(0, Number(cause.position) - 1).split('\n').length : undefined;
  const where = line ? `${name}, line ${line}` : name;
  const shown = line ? `\n  ${line} | ${sql.split('\n')[line - 1]}` : '';
  const detail = [cause.detail, cause.hint].filter(Boolean).map((text) => ` (${text})`);
  return new Fault('MIGRATION_FAILED', `${schema}: ${where}: ${cause.message}${detail.join('')}${shown}`, { cause });
}
