/**
 * Backup and restore of a PostgreSQL of one's own, by its own programs. Everything that Agora keeps is in one database,
 * so one dump holds orders, events, consumers' places, sagas and idempotency keys as they were at one instant.
 */
import { existsSync, rmSync } from 'node:fs';
import pg from 'pg';
import { Fault } from '../platform/errors.ts';
import { kyselyOver } from './kysely.ts';
import { createPool } from './pool.ts';
import { findTool, runTool, serverVersion } from './postgres-tools.ts';
import { rebaseLog } from './rebase-log.ts';

/**
 * Leaves out rights and roles: `npm run db:roles` sets them where the dump is restored, for the roles that are there.
 */
const WITHOUT_RIGHTS = ['--no-owner', '--no-acl', '--no-policies'];

/** Writes the database to a file, while it is in use. @throws {Fault} `BACKUP_EXISTS`, `NO_POSTGRES_TOOL`, `POSTGRES_TOOL_FAILED` */
export async function dumpDatabase(url: string, out: string): Promise<void> {
  if (existsSync(out)) throw new Fault('BACKUP_EXISTS', `${out} is there already: name a new file.`);
  const program = await findTool('pg_dump', await connected(url, serverVersion));
  try {
    await runTool(program, url, ['--format=custom', ...WITHOUT_RIGHTS, '--file', out]);
  } catch (error) {
    // pg_dump makes the file before it knows whether it may read.
    rmSync(out, { force: true });
    throw error;
  }
}

/**
 * Restores a dump into an empty database, all of it or nothing, and makes its event log fit its new server.
 * @throws {Fault} `RESTORE_NOT_EMPTY`, `NO_POSTGRES_TOOL`, `POSTGRES_TOOL_FAILED`
 */
export async function restoreDatabase(url: string, file: string): Promise<void> {
  const version = await connected(url, async (client) => {
    const { rows } = await client.query(`select to_regnamespace('platform') is not null as "isUsed"`);
    if (rows[0].isUsed)
      throw new Fault('RESTORE_NOT_EMPTY', 'There is an Agora in this database: restore into a new, empty one.');
    return serverVersion(client);
  });
  const program = await findTool('pg_restore', version);
  await runTool(program, url, ['--single-transaction', '--exit-on-error', ...WITHOUT_RIGHTS, file]);
  const pool = createPool({ url, max: 2, name: 'agora restore', statementTimeout: 0, transactionTimeout: 0 });
  try {
    await rebaseLog(kyselyOver(pool));
  } finally {
    await pool.end();
  }
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
