/** Deletion of backups that are older than what is kept. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { about, archivesIn, type BaseBackup, baseBackupsIn, PARTIAL, WAL } from '../archive.ts';

/** An archive whose deletion was interrupted. */
const HALF_DELETED = /^\d{8}T\d{6}Z-[0-9a-f]{6}\.partial$/;

/**
 * The base backups of one archive, the oldest first, that no restore to a time since `since` needs: all that are older
 * than the newest one before it.
 */
export function expired(backups: readonly BaseBackup[], since: Date): BaseBackup[] {
  const first = backups.findLastIndex(({ endedAt }) => endedAt <= since);
  return backups.slice(0, Math.max(first, 0));
}

/** Whether a file of an archive's log comes before the segment from which the oldest base backup is restored. */
export const isBefore = (file: string, segment: string): boolean =>
  // Names of one timeline are in the order of the log; those of a backup's history begin with its segment.
  /^[0-9A-F]{24}\b/.test(file) && file.slice(0, 24) < segment;

/**
 * Deletes what no restore to a time since `since` needs: base backups and log of the archive in use, and those earlier
 * archives of its database to which nothing was added since then. The newest base backup stays, however old it is.
 * @returns the number of base backups that were deleted
 */
export function prune(archive: string, since: Date): number {
  const { database } = about(archive);
  const directory = dirname(archive);
  for (const name of readdirSync(directory))
    if (HALF_DELETED.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  const earlier = archivesIn(directory).filter(
    (other) => other !== archive && about(other).database === database && lastChange(other) < since,
  );
  for (const old of earlier) remove(old);
  const backups = baseBackupsIn(archive);
  const gone = expired(backups, since);
  for (const { folder } of gone) remove(folder);
  const oldest = backups[gone.length];
  if (oldest)
    for (const name of readdirSync(join(archive, WAL)))
      if (isBefore(name, oldest.firstSegment)) rmSync(join(archive, WAL, name), { force: true });
  return gone.length;
}

function lastChange(archive: string): Date {
  const wal = join(archive, WAL);
  const times = existsSync(wal) ? readdirSync(wal).map((name) => statSync(join(wal, name)).mtimeMs) : [];
  return new Date(Math.max(statSync(archive).mtimeMs, ...times));
}

/** Renamed first: what is deleted half is not taken for whole. */
function remove(folder: string): void {
  const partial = `${folder}${PARTIAL}`;
  rmSync(partial, { recursive: true, force: true });
  renameSync(folder, partial);
  rmSync(partial, { recursive: true });
}
