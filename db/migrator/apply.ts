import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Fault } from '../../platform/errors.ts';
import type { Migration } from './files.ts';

/** First line of a file whose one statement cannot run in a transaction, such as an index built concurrently. */
const ALONE = /^-- no transaction\b/;

/**
 * How long a statement waits for a lock, in milliseconds. Later statements wait behind it: an `alter table` that queues
 * behind a long transaction stops everybody who uses that table.
 */
const LOCK_MS = 1000;
/** Pause between two attempts, in milliseconds: time for the sessions that waited. */
const PAUSE_MS = 2000;
/** Most attempts: after them, a lock on the table will not end by itself. */
const ATTEMPTS = 60;

/**
 * Applies one migration and records it, in one transaction unless the file asks for none. When a lock is not to be had
 * at once, all of it is rolled back, and begun again.
 * @returns duration, in milliseconds.
 * @throws {Fault} `MIGRATION_FAILED` with file, line and PostgreSQL's reason. Nothing of the file stays then, unless it
 * runs outside a transaction.
 */
export async function applyMigration(
  client: pg.Client,
  migration: Migration,
  report: (line: string) => void = () => {},
  { lockMs = LOCK_MS, pauseMs = PAUSE_MS, attempts = ATTEMPTS } = {},
): Promise<number> {
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      await attemptMigration(client, migration, lockMs);
      return performance.now() - start;
    } catch (cause) {
      await client.query('rollback').catch(() => {});
      const isLocked = (cause as pg.DatabaseError).code === LOCKED;
      if (!isLocked || attempt >= attempts) throw failure(migration, cause as pg.DatabaseError);
      report(`${migration.schema}: ${migration.name} waits for a lock, and lets others by (attempt ${attempt})`);
      await sleep(pauseMs);
    }
  }
}

async function attemptMigration(client: pg.Client, migration: Migration, lockMs: number): Promise<void> {
  const schema = pg.escapeIdentifier(migration.schema);
  const alone = ALONE.test(migration.sql);
  await client.query(`create schema if not exists ${schema}`);
  // An index that is built concurrently waits without any session waiting behind it, and is left half-made when it
  // gives up.
  if (!alone) await client.query(`begin; set local lock_timeout = ${lockMs}`);
  await client.query(`set ${alone ? '' : 'local '}search_path to ${schema}`);
  await numbered(client, migration.sql);
  await client.query('insert into platform.migration (schema, name, checksum) values ($1, $2, $3)', [
    migration.schema,
    migration.name,
    migration.checksum,
  ]);
  await client.query(alone ? 'reset search_path' : 'commit');
}

/**
 * Adds the number of a failing statement within its file to its error: PostgreSQL gives a position only for syntax
 * errors.
 */
async function numbered(client: pg.Client, sql: string): Promise<void> {
  let statement = 1;
  const done = (): void => void statement++;
  const { connection } = client as unknown as { connection: EventEmitter };
  connection.on('commandComplete', done);
  try {
    await client.query(sql);
  } catch (error) {
    throw Object.assign(error as Error, { statement });
  } finally {
    connection.off('commandComplete', done);
  }
}

/** `lock_not_available` */
const LOCKED = '55P03';

function failure(migration: Migration, cause: pg.DatabaseError & { statement?: number }): Fault {
  const { schema, name, sql } = migration;
  const line = cause.position ? sql.slice(0, Number(cause.position) - 1).split('\n').length : undefined;
  const statement = cause.statement ? `${name}, statement ${cause.statement}` : name;
  const where = line ? `${name}, line ${line}` : statement;
  const shown = line ? `\n  ${line} | ${sql.split('\n')[line - 1]}` : '';
  const detail = [cause.detail, cause.hint].filter(Boolean).map((text) => ` (${text})`);
  return new Fault('MIGRATION_FAILED', `${schema}: ${where}: ${cause.message}${detail.join('')}${shown}`, { cause });
}
