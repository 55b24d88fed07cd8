/** Where the embedded database lives: the cluster, and beside it what we must remember of it. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalOf } from './canonical.ts';
import { canReach, type Identity, makeFolder } from './identity.ts';

/** The files of one embedded database. */
export interface Home {
  /** Holds all the others. */
  folder: string;
  /** PostgreSQL's own data directory (PGDATA). */
  cluster: string;
  /** What the server says. */
  serverLog: string;
  /** The port it had last, tried first. */
  port: string;
  /** Which process answers for the server. */
  owner: string;
  /** The {@link Credentials}, for us alone to read. */
  credentials: string;
}

/** Passwords of the two roles, made at random when the home is made. */
export interface Credentials {
  /** Of `postgres`, the superuser. */
  superuser: string;
  /** Of `agora`, the ordinary role that the platform connects as. */
  agora: string;
}

/** What root keeps outside a home that only root may enter. */
export const sharedPlace = (): string => '/var/lib/agora';

/**
 * The home for this data folder: the folder itself, or, when the server's user cannot walk to it, one under
 * `/var/lib/agora` named after its path, so that the same project finds the same data again.
 */
export function homeFor(dataDir: string, identity: Identity): Home {
  const wanted = canonicalOf(dataDir);
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const folder = canReach(identity, wanted) ? wanted : join(sharedPlace(), digest);
  return {
    folder,
    cluster: join(folder, 'cluster'),
    serverLog: join(folder, 'postgres.log'),
    port: join(folder, 'port'),
    owner: join(folder, 'owner.json'),
    credentials: join(folder, 'credentials.json'),
  };
}

/** Makes the home's folder if it is not there. */
export function makeHome(home: Home, identity: Identity): void {
  if (identity.uid !== undefined) makeFolder(identity, home.folder);
  else mkdirSync(home.folder, { recursive: true });
}

/** The passwords, readable by their owner alone. The first of two processes that start at once makes them. */
export function credentialsOf(home: Home): Credentials {
  const file = home.credentials;
  if (!existsSync(file)) {
    const made: Credentials = { superuser: randomBytes(24).toString('hex'), agora: randomBytes(24).toString('hex') };
    try {
      writeFileSync(file, JSON.stringify(made), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
}

/** Deletes what is ours in the folder, and nothing else that somebody keeps there. The server must be down. */
export function deleteHome(home: Home): void {
  for (const path of [home.cluster, home.serverLog, home.port, home.owner, home.credentials]) {
    rmSync(path, { recursive: true, force: true });
  }
}
