/** A cold copy of the embedded database: PostgreSQL's own files, taken while nothing runs on them. */
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { Fault } from '../platform/errors.ts';
import { makeFolder } from '../platform/folders.ts';
import { startEmbeddedPostgres, whileStopped } from './embedded-postgres.ts';
import { isMissing } from './embedded-postgres/cluster.ts';
import { type Home, homeFor, makeHome } from './embedded-postgres/home.ts';
import { type Identity, serverIdentity } from './embedded-postgres/identity.ts';

/**
 * Copies the database of this data folder into a new folder. A server that a killed process left behind is stopped first.
 * @throws {Fault} `DATA_IN_USE` while a process works on it, `NO_DATA`, `BACKUP_EXISTS`
 */
export async function copyEmbedded(dataDir: string, to: string): Promise<void> {
  const home = homeFor(dataDir, serverIdentity());
  if (isMissing(home)) throw new Fault('NO_DATA', `There is no database in ${home.folder}.`);
  await whileStopped(home, async () => {
    if (existsSync(to)) throw new Fault('BACKUP_EXISTS', `${to} is there already: name a new folder.`);
    const partial = `${to}.partial`;
    rmSync(partial, { recursive: true, force: true });
    makeFolder(dirname(partial));
    mkdirSync(partial, { mode: 0o700 });
    for (const [from, name] of partsOf(home))
      cpSync(from, join(partial, name), { recursive: true, preserveTimestamps: true });
    renameSync(partial, to); // Whole, or not there.
  });
}

/**
 * Restores a copy where there is no database yet, and gives its event log a new generation: cursors that clients got
 * after the copy was taken point at events that it does not have.
 * @throws {Fault} `NO_DATA` if that is no copy, `RESTORE_NOT_EMPTY`
 */
export async function restoreEmbedded(from: string, dataDir: string): Promise<void> {
  const identity = serverIdentity();
  const home = homeFor(dataDir, identity);
  for (const [, name] of partsOf(home))
    if (!existsSync(join(from, name))) throw new Fault('NO_DATA', `${from} is no backup: ${name} is missing.`);
  makeHome(home, identity);
  await whileStopped(home, async () => {
    if (!isMissing(home))
      throw new Fault('RESTORE_NOT_EMPTY', `There is a database in ${home.folder}: name another folder in AGORA_DATA.`);
    // Whole, or not there: a partial copy is thrown away by the next start there.
    const partial = `${home.cluster}.${process.pid}`;
    cpSync(join(from, 'cluster'), partial, { recursive: true, preserveTimestamps: true });
    rmSync(join(partial, 'postmaster.pid'), { force: true });
    giveAll(identity, partial);
    cpSync(join(from, 'credentials.json'), home.credentials, { preserveTimestamps: true });
    renameSync(partial, home.cluster);
    const server = await startEmbeddedPostgres({ dataDir, log: () => {} });
    try {
      await renewGeneration(server.url);
    } finally {
      await server.stop();
    }
  });
}

const partsOf = (home: Home): [path: string, name: string][] => [
  [home.cluster, 'cluster'],
  [home.credentials, 'credentials.json'],
];

/** Gives all files to the server's user, another than us when we are root, and to no one else: PostgreSQL insists. */
function giveAll({ uid, gid }: Identity, folder: string): void {
  const give = (path: string, mode: number): void => {
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    chmodSync(path, mode);
  };
  give(folder, 0o700);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    give(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
}

async function renewGeneration(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`update platform.log_identity set generation = substr(md5(gen_random_uuid()::text), 1, 8)`);
  } finally {
    await client.end();
  }
}
