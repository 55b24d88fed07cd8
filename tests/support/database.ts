/** A database of its own for a test file, cloned from a template that is migrated once. */
import { createHash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { kyselyOver } from '../../db/kysely.ts';
import { type MigrationSet, migrate } from '../../db/migrator.ts';
import { migrationsOf } from '../../db/migrator/files.ts';
import { PATIENCE_MS } from './patience.ts';
import { testPool } from './test-pool.ts';

/** A fresh database. */
export interface TestDatabase {
  /** Address, as the ordinary role that the platform would connect as. */
  url: string;
  pool: pg.Pool;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the tables it reads
  kysely: Kysely<any>;
  /** Ends the pool and drops the database. */
  drop(): Promise<void>;
}

/** Makes a database with these migrations applied; without any, an empty one. Drop it in `afterAll`. */
export async function testDatabase({ sets = [] }: { sets?: readonly MigrationSet[] } = {}): Promise<TestDatabase> {
  const template = await templateFor(sets);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin((admin) => admin.query(`create database ${name} template ${template} owner ${owner()}`));
  const url = urlOf(name);
  const pool = testPool({ url, max: 10 });
  return {
    url,
    pool,
    kysely: kyselyOver(pool),
    drop: async () => {
      await pool.end();
      await asAdmin((admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

/**
 * The template for these migrations, named after its content. Several workers may want it at once: the first makes it.
 */
async function templateFor(sets: readonly MigrationSet[]): Promise<string> {
  const contents = sets.flatMap(migrationsOf).map(({ schema, name, checksum }) => `${schema}/${name} ${checksum}`);
  contents.push(...sets.flatMap(({ schema, confined }) => (confined ? [`${schema} ${JSON.stringify(confined)}`] : [])));
  if (contents.length === 0) return 'template1';
  // Another run on this server, such as that of a new room in a copy, connects as another role, which owns what it makes.
  contents.push(owner());
  const name = `agora_template_${createHash('sha256').update(contents.join('\n')).digest('hex').slice(0, 16)}`;
  await asAdmin(async (admin) => {
    await admin.query(`select pg_advisory_lock(hashtextextended('agora.test.template', 0))`);
    const { rows } = await admin.query('select datistemplate as whole from pg_database where datname = $1', [name]);
    if (rows[0]?.whole) return;
    await admin.query(`drop database if exists ${name} with (force)`); // Of a run that was killed half-way.
    await admin.query(`create database ${name} owner ${owner()}`);
    await migrate(urlOf(name), sets, () => {});
    await admin.query(`alter database ${name} is_template true`);
  });
  return name;
}

/** Works on database `postgres`, as a superuser. */
export async function asAdmin<Result>(work: (admin: pg.Client) => Promise<Result>): Promise<Result> {
  const admin = new pg.Client({
    connectionString: setting('AGORA_TEST_ADMIN_URL'),
    connectionTimeoutMillis: PATIENCE_MS,
  });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(setting('AGORA_TEST_URL'));
  url.pathname = `/${database}`;
  return url.href;
}

const owner = (): string => pg.escapeIdentifier(decodeURIComponent(new URL(setting('AGORA_TEST_URL')).username));

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with npm test, whose global set-up starts a server`);
  return value;
}
