/** A small embedded PostgreSQL of a test's own that archives its log, with rows that tell when they were written. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type BaseBackup, WAL } from '../../db/archive.ts';
import { takeBaseBackup } from '../../db/backups/base-backup.ts';
import { deleteEmbeddedPostgres, type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { homeFor } from '../../db/embedded-postgres/home.ts';
import { serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { until } from './until.ts';

/** Such a server. */
export interface ArchivedPostgres {
  /** Everything of the test is in here. */
  readonly folder: string;
  /** AGORA_DATA. */
  readonly data: string;
  readonly dataDir: string;
  /** BACKUP_DIR. */
  readonly directory: string;
  readonly server: EmbeddedPostgres;
  /** The folder of its archive's log. */
  readonly wal: string;
  /** SQL as the superuser, on the database `agora`. */
  ask(statement: string, values?: unknown[]): Promise<Record<string, any>[]>;
  /** Writes a row, and returns a time after it, of the server's clock. */
  write(word: string): Promise<string>;
  backUp(signal?: AbortSignal): Promise<BaseBackup>;
  /** Ends the current segment and waits until it is archived. Its name. */
  archiveAll(): Promise<string>;
  /** Stops it and starts it again, otherwise archiving if so told. */
  restart(archive?: string): Promise<void>;
  remove(): Promise<void>;
}

/** Starts such a server. */
export async function startArchivedPostgres(): Promise<ArchivedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'agora-archive-'));
  chmodSync(folder, 0o755); // For root, whose server runs as another user.
  const [data, directory] = [join(folder, 'data'), join(folder, 'backups')];
  const dataDir = join(data, 'postgres');
  const start = (archive: string) => startEmbeddedPostgres({ dataDir, log: () => {}, endsWithUs: true, archive });
  let server = await start(directory);
  const ask: ArchivedPostgres['ask'] = (statement, values) => askAt(server.adminUrl, statement, values);
  // What a restore changes of Agora's own.
  await ask(`create schema platform; create table platform.log_identity (generation text);
    insert into platform.log_identity values ('first'); create table word (word text);
    grant usage on schema platform to agora; grant all on platform.log_identity to agora`);
  return {
    folder,
    data,
    dataDir,
    directory,
    get server() {
      return server;
    },
    get wal() {
      return join(server.archive!, WAL);
    },
    ask,
    async write(word) {
      await ask('insert into word values ($1)', [word]);
      const [row] = await ask('select to_json(clock_timestamp()) as at');
      return row!.at as string;
    },
    backUp(signal) {
      const { credentials } = homeFor(dataDir, serverIdentity());
      return takeBaseBackup({ adminUrl: server.adminUrl, archive: server.archive!, credentials, keys: [], signal });
    },
    async archiveAll() {
      // An empty segment is not ended.
      await ask(`select pg_logical_emit_message(true, 'agora test', 'end')`);
      const [row] = await ask('select pg_walfile_name(pg_switch_wal()) as segment');
      const file = join(server.archive!, WAL, `${row!.segment}.gz`);
      await until(`${file} is archived`, () => existsSync(file));
      return row!.segment as string;
    },
    async restart(archive = directory) {
      await server.stop();
      server = await start(archive);
    },
    async remove() {
      await deleteEmbeddedPostgres(dataDir);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The words in a database that was restored, and the generation of its log. */
export async function wordsIn(dataDir: string): Promise<{ words: string[]; generation: string }> {
  const server = await startEmbeddedPostgres({ dataDir, log: () => {}, endsWithUs: true });
  try {
    const words = await askAt(server.adminUrl, 'select word from word order by word');
    const [identity] = await askAt(server.adminUrl, 'select generation from platform.log_identity');
    return { words: words.map(({ word }) => word as string), generation: identity!.generation as string };
  } finally {
    await server.stop();
  }
}

async function askAt(adminUrl: string, statement: string, values?: unknown[]): Promise<Record<string, any>[]> {
  const url = new URL(adminUrl);
  url.pathname = '/agora';
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}
