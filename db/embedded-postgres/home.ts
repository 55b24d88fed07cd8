/** The home of the embedded database: the cluster, and beside it our own files about it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderUnusable, makeFolder } from '../../platform/folders.ts';
import { canonicalOf } from './canonical.ts';
import { canReach, type Identity } from './identity.ts';
import { guestFiles } from './owner.ts';

/** The files of one embedded database. */
export interface Home {
  /** Holds all the others. */
  folder: string;
  /** PostgreSQL's own data directory (PGDATA). */
  cluster: string;
  /** The server's log. */
  serverLog: string;
  /** The last port, tried first. It is there when a server has run, unless the disk was full. */
  port: string;
  /** The process that owns the server. */
  owner: string;
  /** The passwords of its roles, for us alone to read. */
  credentials: string;
  /** Where its write-ahead log is archived, if it is. */
  archive: string;
  /** Copies of the scripts that the server runs for its archive. */
  scripts: string;
}

/** Where root keeps what cannot lie in a home that only root may enter. */
export const sharedPlace = (): string => '/var/lib/agora';

/**
 * The home for this data folder: the folder itself, or, when the server's user cannot walk to it, one under
 * `/var/lib/agora` named after its path, so that the same project finds the same data again.
 */
export function homeFor(dataDir: string, identity: Identity): Home {
  const wanted = canonicalOf(dataDir);
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const folder = isBlocked(wanted) || canReach(identity, wanted) ? wanted : join(sharedPlace(), digest);
  return {
    folder,
    cluster: join(folder, 'cluster'),
    serverLog: join(folder, 'postgres.log'),
    port: join(folder, 'port'),
    owner: join(folder, 'owner.json'),
    credentials: join(folder, 'credentials.json'),
    archive: join(folder, 'archive.json'),
    scripts: join(folder, 'scripts'),
  };
}

/** Whether a file stands in its path, which is to be reported and not gone around. */
function isBlocked(path: string): boolean {
  let current = path;
  while (!existsSync(current)) current = dirname(current);
  return !statSync(current).isDirectory();
}

/**
 * Makes the home's folder if it is not there, such that the server's user can walk through it.
 * @throws {Fault} `FOLDER_UNUSABLE`, also when nothing can be written there
 */
export function makeHome({ folder }: Home, { uid }: Identity): void {
  makeFolder(folder, uid === undefined ? undefined : 0o755);
  try {
    // Rights alone do not tell: the file system may be read-only, or take no files. A full one is found out later.
    rmSync(mkdtempSync(join(folder, 'try.')), { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw folderUnusable(folder, error);
  }
}

/**
 * Deletes our own files in the folder, and nothing else that a user keeps there. The server must be down. The port goes
 * first: it says that there was a cluster. The keys lie elsewhere and stay, so after a deletion that was cut short a start
 * that only finds them misses the database all the same, and says that `--reset` begins anew, which is true again then.
 */
export function deleteHome(home: Home): void {
  const { cluster, serverLog, port, owner, credentials, archive, scripts } = home;
  for (const path of [port, cluster, serverLog, owner, credentials, archive, scripts, ...guestFiles(home)]) {
    rmSync(path, { recursive: true, force: true });
  }
}
