/**
 * An archive: one unbroken stretch of a database's write-ahead log, and the base backups that it is replayed on.
 *
 *     BACKUP_DIR/20261130T020000Z-1f3a5c/    an archive
 *       about.json                           whose it is
 *       wal/000000010000000000000007.gz      segments of the log, written by PostgreSQL (deploy/postgres/archive-wal.sh)
 *       base/20261130T020004.381Z/           a base backup. Its name has no `.partial` once it is whole
 *         backup.json                        its times and segments
 *         cluster/                           PostgreSQL's files, with their checksums in `backup_manifest`
 *         credentials.json                   the passwords of the database's roles
 *         keys/                              the files of AGORA_DATA without which the database cannot be read
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../platform/errors.ts';

/** Folder of the segments in an archive. */
export const WAL = 'wal';
/** Folder of the base backups in an archive. */
export const BASE = 'base';
/** File that says whose an archive is. */
export const ABOUT = 'about.json';
/** File that describes a base backup; it is in every whole one. */
export const DESCRIPTION = 'backup.json';
/** Ending of a folder that is being written, or deleted. */
export const PARTIAL = '.partial';

/** Whose an archive is. */
export interface AboutArchive {
  /** The folder of the embedded database. */
  database: string;
  /** When the archive was begun, RFC 3339. */
  begunAt: string;
}

/** A whole base backup. */
export interface BaseBackup {
  /** The archive that it is in. */
  archive: string;
  /** Its own folder. */
  folder: string;
  /** The folder of the database that it is of. */
  database: string;
  begunAt: Date;
  /** From here on the database can be restored. */
  endedAt: Date;
  /** The first segment that a restore replays, such as `000000010000000000000007`. */
  firstSegment: string;
  /** The last segment without which it is not consistent. */
  lastSegment: string;
}

/** The contents of `about.json`. */
export const aboutArchive = (database: string, begunAt: Date): AboutArchive => ({
  database,
  begunAt: begunAt.toISOString(),
});

/** The archives in a directory, or the directory itself if it is one. */
export function archivesIn(directory: string): string[] {
  if (existsSync(join(directory, ABOUT))) return [directory];
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((folder) => !folder.endsWith(PARTIAL) && existsSync(join(folder, ABOUT)))
    .toSorted();
}

/** Whose this archive is. */
export const about = (archive: string): AboutArchive =>
  JSON.parse(readFileSync(join(archive, ABOUT), 'utf8')) as AboutArchive;

/** The whole base backups of an archive, the oldest first. */
export function baseBackupsIn(archive: string): BaseBackup[] {
  const { database } = about(archive);
  const folders = readdirSync(join(archive, BASE)).filter((name) => !name.endsWith(PARTIAL));
  return folders
    .map((name) => join(archive, BASE, name))
    .filter((folder) => existsSync(join(folder, DESCRIPTION)))
    .map((folder) => ({ ...describedIn(folder), archive, folder, database }))
    .toSorted((a, b) => a.endedAt.getTime() - b.endedAt.getTime());
}

function describedIn(folder: string): Omit<BaseBackup, 'archive' | 'folder' | 'database'> {
  const { begunAt, endedAt, firstSegment, lastSegment } = JSON.parse(
    readFileSync(join(folder, DESCRIPTION), 'utf8'),
  ) as Record<keyof BaseBackup, string>;
  return { begunAt: new Date(begunAt), endedAt: new Date(endedAt), firstSegment, lastSegment };
}

/**
 * The base backup to restore from: the newest that was whole by the time, or the newest of all.
 * @throws {Fault} `NO_BACKUP`, `NO_BACKUP_BEFORE`, or `BACKUPS_OF_SEVERAL` when they are of more than one database
 */
export function chooseBackup(backups: readonly BaseBackup[], to?: Date): BaseBackup {
  if (backups.length === 0) throw new Fault('NO_BACKUP', 'There is no whole backup there.');
  const early = backups.filter(({ endedAt }) => !to || endedAt <= to);
  if (early.length === 0) {
    const first = new Date(Math.min(...backups.map(({ endedAt }) => endedAt.getTime())));
    throw new Fault(
      'NO_BACKUP_BEFORE',
      `The oldest backup there was whole at ${first.toISOString()}: nothing before it can be restored.`,
    );
  }
  const newest = newestByDatabase(early);
  if (newest.length > 1) {
    const which = newest.map(({ archive, database }) => `${archive} (of ${database})`).join(', ');
    throw new Fault('BACKUPS_OF_SEVERAL', `There are backups of several databases there. Name one: ${which}.`);
  }
  return newest[0]!;
}

/** The newest backup of each database. */
const newestByDatabase = (backups: readonly BaseBackup[]): BaseBackup[] =>
  [...Map.groupBy(backups, ({ database }) => database).values()].map((some) =>
    some.reduce((one, other) => (other.endedAt > one.endedAt ? other : one)),
  );
