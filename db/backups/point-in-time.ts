/**
 * Restore of an embedded database to a point in time: a base backup, and the archived log replayed on it up to there
 * (https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-PITR-RECOVERY).
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../platform/errors.ts';
import { makeFolder } from '../../platform/folders.ts';
import { requireNoKeys } from '../embedded-backup.ts';
import { startEmbeddedPostgres, whileStopped } from '../embedded-postgres.ts';
import { endArchive, recoverySettings } from '../embedded-postgres/archiving.ts';
import { isMissing } from '../embedded-postgres/cluster.ts';
import { deleteHome, type Home, homeFor, makeHome } from '../embedded-postgres/home.ts';
import { giveAll, serverIdentity } from '../embedded-postgres/identity.ts';
import { renewGeneration } from '../renew-generation.ts';
import { archivesIn, type BaseBackup, baseBackupsIn, chooseBackup } from '../archive.ts';
import { copyFile } from './copy-file.ts';
import { MANIFEST, readManifest } from './manifest.ts';
import { replayOf } from './replay.ts';

/** Longest time of a replay, in milliseconds: a day's log takes minutes. */
const REPLAY_MS = 86_400_000;

/** What was restored. */
export interface RestoredDatabase {
  backup: BaseBackup;
  /** The time of the last transaction that is in it, in PostgreSQL's words, where one was replayed. */
  lastTransaction?: string;
}

/**
 * Restores a data folder without a database and keys, to a time or to the end of the archive, and gives the event log a
 * new generation. The database is there in the end, with its keys, or it is not there.
 * @param from BACKUP_DIR, or one archive in it
 * @param data AGORA_DATA
 * @param to RFC 3339, with as many decimals as PostgreSQL knows
 * @throws {Fault} `RESTORE_NOT_EMPTY`, `NO_BACKUP`, `NO_BACKUP_BEFORE`, `BACKUPS_OF_SEVERAL`, `BACKUP_BROKEN`,
 * `WAL_MISSING`, `WAL_BROKEN`, `BEYOND_THE_ARCHIVE`
 */
export async function restorePointInTime(from: string, data: string, to?: string): Promise<RestoredDatabase> {
  requireNoKeys(data);
  const backup = chooseBackup(archivesIn(from).flatMap(baseBackupsIn), to === undefined ? undefined : new Date(to));
  const identity = serverIdentity();
  const dataDir = join(data, 'postgres');
  const home = homeFor(dataDir, identity);
  makeHome(home, identity);
  let lastTransaction: string | undefined;
  await whileStopped(home, async () => {
    if (!isMissing(home))
      throw new Fault('RESTORE_NOT_EMPTY', `There is a database in ${home.folder}: name another folder in AGORA_DATA.`);
    // Replayed in a folder of its own: what is replayed half-way is no database.
    const apart = homeFor(`${dataDir}.restoring`, identity);
    deleteHome(apart);
    makeHome(apart, identity);
    try {
      await copyBase(backup, apart);
      giveAll(identity, apart.cluster);
      lastTransaction = await replay(backup, `${dataDir}.restoring`, apart, to);
      endArchive(home);
      restoreKeys(backup, data);
      renameSync(apart.credentials, home.credentials);
      renameSync(apart.cluster, home.cluster);
    } finally {
      rmSync(apart.folder, { recursive: true, force: true });
    }
  });
  return { backup, ...(lastTransaction && { lastTransaction }) };
}

/** Copies a base backup's cluster, each file checked. @throws {Fault} `BACKUP_BROKEN` */
async function copyBase({ folder }: BaseBackup, home: Home): Promise<void> {
  const base = join(folder, 'cluster');
  const broken = (path: string, what: string): Fault =>
    new Fault('BACKUP_BROKEN', `${join(base, path)} ${what}: restore from another backup.`);
  const files = readManifest(join(base, MANIFEST));
  mkdirSync(home.cluster, { mode: 0o700 });
  for (const entry of readdirSync(base, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory())
      mkdirSync(join(home.cluster, join(entry.parentPath, entry.name).slice(base.length + 1)), { recursive: true });
  for (const { path, size, checksum } of files) {
    if (!existsSync(join(base, path))) throw broken(path, 'is missing');
    const copied = await copyFile(join(base, path), join(home.cluster, path));
    if (copied.size !== size || copied.checksum !== checksum) throw broken(path, 'is not as it was written');
  }
  writeFileSync(join(home.cluster, 'recovery.signal'), '');
  copyFileSync(join(folder, 'credentials.json'), home.credentials);
}

async function replay(
  { archive }: BaseBackup,
  dataDir: string,
  home: Home,
  to: string | undefined,
): Promise<string | undefined> {
  const settings = recoverySettings(home, archive, to);
  const started = startEmbeddedPostgres({ dataDir, log: () => {}, settings, endsWithUs: true, startMs: REPLAY_MS });
  const server = await started.catch((error: unknown) => {
    throw replayOf(home.serverLog).explain(archive, to, error);
  });
  try {
    const replayed = replayOf(home.serverLog);
    if (to === undefined) replayed.requireEnd(archive);
    await renewGeneration(server.url);
    return replayed.lastTransaction;
  } finally {
    await server.stop();
  }
}

/** Copies the keys of a backup to where Agora looks for them: before the database is there, lest it makes others. */
function restoreKeys({ folder }: BaseBackup, data: string): void {
  makeFolder(data);
  for (const name of readdirSync(join(folder, 'keys'))) copyFileSync(join(folder, 'keys', name), join(data, name));
}
