/** A cold copy of the embedded database: PostgreSQL's own files, taken while nothing runs on them. */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../platform/errors.ts';
import { makeFolder } from '../platform/folders.ts';
import { startEmbeddedPostgres, whileStopped } from './embedded-postgres.ts';
import { endArchive } from './embedded-postgres/archiving.ts';
import { isMissing } from './embedded-postgres/cluster.ts';
import { type Home, homeFor, makeHome } from './embedded-postgres/home.ts';
import { giveAll, serverIdentity } from './embedded-postgres/identity.ts';
import { renewGeneration } from './renew-generation.ts';

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
    endArchive(home);
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
