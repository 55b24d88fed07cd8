/** A copy of the files of a running cluster, between `pg_backup_start` and `pg_backup_stop`. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../../platform/errors.ts';
import { copyFile } from './copy-file.ts';
import type { ManifestFile } from './manifest.ts';

/**
 * Folders that a backup has empty, and files that it has not
 * (https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP-DATA).
 */
const EMPTY = /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\//;
const LEFT_OUT =
  /^(postmaster\.(pid|opts)|backup_label|tablespace_map|backup_manifest|recovery\.signal)$|(^|\/)(pgsql_tmp[^/]*|pg_internal\.init[^/]*)$/;
/** Folders that a server wants to find in the empty `pg_wal`. */
const WAL_FOLDERS = ['pg_wal/archive_status', 'pg_wal/summaries'];
/** Copied last: it says where the others' replay begins. */
const CONTROL = 'global/pg_control';

/**
 * Copies the cluster into a folder.
 * @returns the files, for the manifest
 * @throws {Fault} `BACKUP_NO_SPACE`, `TABLESPACES`
 */
export async function copyCluster(cluster: string, to: string, signal?: AbortSignal): Promise<ManifestFile[]> {
  const { folders, files } = partsOf(cluster);
  requireSpace(cluster, files, dirname(to));
  for (const folder of ['.', ...folders, ...WAL_FOLDERS]) mkdirSync(join(to, folder), { recursive: true, mode: 0o700 });
  const copied: ManifestFile[] = [];
  for (const path of files.filter((path) => path !== CONTROL)) {
    try {
      copied.push({ path, ...(await copyFile(join(cluster, path), join(to, path), signal)) });
    } catch (error) {
      // A table that was dropped meanwhile: the log tells that too.
      if (!isGone(error)) throw error;
    }
  }
  return [...copied, copyControl(cluster, to)];
}

function partsOf(cluster: string): { folders: string[]; files: string[] } {
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of readdirSync(cluster, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(cluster.length + 1);
    if (EMPTY.test(path) || LEFT_OUT.test(path)) continue;
    if (entry.isDirectory()) folders.push(path);
    else if (entry.isFile()) files.push(path);
    else
      throw new Fault(
        'TABLESPACES',
        `${join(cluster, path)} leads out of the database’s folder, and is not backed up.`,
      );
  }
  return { folders, files };
}

function requireSpace(cluster: string, files: readonly string[], where: string): void {
  const sizes = files.map((path) => statSync(join(cluster, path), { throwIfNoEntry: false })?.size ?? 0);
  const needed = sizes.reduce((sum, size) => sum + size, 0);
  const { bavail, bsize } = statfsSync(where);
  if (bavail * bsize >= needed) return;
  throw new Fault(
    'BACKUP_NO_SPACE',
    `A backup takes ${megabytes(needed)} MB, and ${where} has ${megabytes(bavail * bsize)} MB left: make room, or lower BACKUP_KEEP_DAYS.`,
  );
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);

/** The server may be writing it, in one piece: so it is read until it is the same twice. */
function copyControl(cluster: string, to: string): ManifestFile {
  let read = readFileSync(join(cluster, CONTROL));
  for (let again = readFileSync(join(cluster, CONTROL)); !again.equals(read); ) {
    read = again;
    again = readFileSync(join(cluster, CONTROL));
  }
  writeFileSync(join(to, CONTROL), read, { mode: 0o600, flush: true });
  return { path: CONTROL, ...described(read) };
}

/** Size and checksum of a file that is in memory. */
export const described = (contents: Buffer): Omit<ManifestFile, 'path'> => ({
  size: contents.length,
  checksum: createHash('sha256').update(contents).digest('hex'),
});

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
