/**
 * Archiving of the embedded server's write-ahead log. Where it goes is kept beside the cluster, so that every process
 * that starts the server, a command too, goes on with it: a gap would make the backups before it useless.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../../platform/errors.ts';
import { makeFolder } from '../../platform/folders.ts';
import { ABOUT, aboutArchive, BASE, WAL } from '../archive.ts';
import { canonicalOf } from './canonical.ts';
import type { Home } from './home.ts';
import { canReach, giveTo, type Identity } from './identity.ts';

/** The scripts that PostgreSQL runs, the same as in containers. */
const SCRIPTS = join(import.meta.dirname, '../../deploy/postgres');

/** Seconds after which a segment is archived although it is not full: the most that a lost disk costs. */
const ARCHIVE_SECONDS = 60;

/** The archive that this database's log goes to, if it goes to one. */
export function archiveOf(home: Home): string | undefined {
  if (!existsSync(home.archive)) return undefined;
  return (JSON.parse(readFileSync(home.archive, 'utf8')) as { folder: string }).folder;
}

/**
 * Has the log of this database go into an archive under this directory from the next start of the server on: into the
 * one that it goes to already, or into a new one. One archive is one unbroken stretch of one log; so a database that was
 * restored, begun anew, or ran for a while without archiving begins another.
 * @throws {Fault} `FOLDER_UNUSABLE`, `NO_ARCHIVING_HERE`
 */
export function beginArchive(home: Home, identity: Identity, directory: string): void {
  const under = canonicalOf(directory);
  const current = archiveOf(home);
  if (current && dirname(current) === under) return;
  if (process.platform === 'win32')
    throw new Fault('NO_ARCHIVING_HERE', 'BACKUP_DIR needs the shell of a Unix, which is not here: take it away.');
  const isAnother = identity.uid !== undefined;
  makeFolder(under, isAnother ? 0o711 : 0o700);
  if (!canReach(identity, under))
    throw new Fault(
      'FOLDER_UNUSABLE',
      `Only root may enter ${under}, and PostgreSQL does not run as root: name another folder in BACKUP_DIR, or let ` +
        'others walk through it (chmod o+x, for each of its parents too).',
    );
  const begunAt = new Date();
  const folder = join(under, `${stampOf(begunAt)}-${randomBytes(3).toString('hex')}`);
  makeFolder(folder, isAnother ? 0o711 : 0o700);
  makeFolder(join(folder, BASE), 0o700);
  makeFolder(join(folder, WAL), 0o700);
  giveTo(identity, join(folder, WAL));
  writeWhole(join(folder, ABOUT), JSON.stringify(aboutArchive(home.folder, begunAt)));
  writeWhole(home.archive, JSON.stringify({ folder }));
}

/** Has the log go nowhere from the next start of the server on. The archive stays as it is. */
export const endArchive = (home: Home): void => rmSync(home.archive, { force: true });

/** The settings by which the server archives, as it was switched on; none when it was not. */
export function archiveSettings(home: Home): Record<string, string> {
  const folder = archiveOf(home);
  if (!folder) return {};
  const script = scriptIn(home, 'archive-wal.sh');
  return {
    wal_level: 'replica',
    archive_mode: 'on',
    archive_timeout: String(ARCHIVE_SECONDS),
    archive_command: `sh ${quoted(script)} ${quoted(join(folder, WAL))} "%p" "%f"`,
  };
}

/** The settings by which the server replays an archive's log, up to a time or to its end, and then takes writes. */
export function recoverySettings(home: Home, archive: string, to: string | undefined): Record<string, string> {
  const script = scriptIn(home, 'restore-wal.sh');
  return {
    restore_command: `sh ${quoted(script)} ${quoted(join(archive, WAL))} "%f" "%p"`,
    // PostgreSQL reads its settings before it knows abbreviations of zones, and `Z` is one to it.
    ...(to && { recovery_target_time: to.replace(/Z$/, '+00:00') }),
    recovery_target_action: 'promote',
    // An archive has one timeline only. A search for a newer one would find that of another restore from it.
    recovery_target_timeline: 'current',
    hot_standby: 'off',
  };
}

/** A copy of the script in the home, since the server's user may not be able to walk to ours. */
function scriptIn({ scripts }: Home, name: string): string {
  const [ours, copy] = [join(SCRIPTS, name), join(scripts, name)];
  // Written only when it is another: a start needs no room on a full disk.
  if (existsSync(copy) && readFileSync(copy).equals(readFileSync(ours))) return copy;
  const partial = `${copy}.${process.pid}`;
  makeFolder(scripts, 0o755);
  copyFileSync(ours, partial);
  chmodSync(partial, 0o755);
  renameSync(partial, copy);
  return copy;
}

/** A path for the shell within a setting, in which PostgreSQL replaces `%p` and the like. */
const quoted = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`).replaceAll('%', '%%')}'`;

/** `20261130T120000Z`. */
const stampOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d+/g, '');

function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}
