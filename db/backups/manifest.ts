/**
 * The manifest of a base backup in PostgreSQL's own format, version 1, so that `pg_verifybackup` can check it too
 * (https://www.postgresql.org/docs/18/backup-manifest-format.html). pg_basebackup writes such a one; a backup by
 * `pg_backup_start` and `pg_backup_stop` has none of itself.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Fault } from '../../platform/errors.ts';
import type { CopiedFile } from './copy-file.ts';

/** Name of the file, beside PostgreSQL's own. */
export const MANIFEST = 'backup_manifest';

/** A file of a base backup. */
export interface ManifestFile extends CopiedFile {
  /** Path within the cluster, with slashes. */
  path: string;
}

/** The part of the write-ahead log without which a base backup is not consistent. */
export interface WalRange {
  timeline: number;
  /** Log sequence number, such as `0/2000028`. */
  start: string;
  end: string;
}

/** The text of a manifest. */
export function manifestOf(files: readonly ManifestFile[], { timeline, start, end }: WalRange, at: Date): string {
  const modified = `${at.toISOString().slice(0, 19).replace('T', ' ')} GMT`;
  const lines = files.map(({ path, size, checksum }) =>
    JSON.stringify({
      Path: path,
      Size: size,
      'Last-Modified': modified,
      'Checksum-Algorithm': 'SHA256',
      Checksum: checksum,
    }),
  );
  const range = JSON.stringify({ Timeline: timeline, 'Start-LSN': start, 'End-LSN': end });
  const text = `{ "PostgreSQL-Backup-Manifest-Version": 1,\n"Files": [\n${lines.join(',\n')}\n],\n"WAL-Ranges": [\n${range}\n],\n`;
  // The last line's checksum is that of all lines before it.
  return `${text}"Manifest-Checksum": "${sha256(text)}"}\n`;
}

/** The files that a manifest names. @throws {Fault} `BACKUP_BROKEN` */
export function readManifest(file: string): ManifestFile[] {
  const text = readFileSync(file, 'utf8');
  const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
  try {
    const { Files, ...rest } = JSON.parse(text) as { Files: ListedFile[]; 'Manifest-Checksum': string };
    if (rest['Manifest-Checksum'] === sha256(text.slice(0, lastLine)))
      return Files.map(({ Path, Size, Checksum }) => ({ path: Path, size: Size, checksum: Checksum }));
  } catch {
    // The fault is thrown below.
  }
  throw new Fault('BACKUP_BROKEN', `${file} is broken: restore from another backup.`);
}

interface ListedFile {
  Path: string;
  Size: number;
  Checksum: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
