/** Makes the cluster, once. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../platform/errors.ts';
import { tethered } from '../../platform/tethered.ts';
import type { Home } from './home.ts';
import { giveTo, type Identity } from './identity.ts';
import { isRunning } from './processes.ts';

const run = promisify(execFile);

/**
 * Collation `C.UTF-8` of PostgreSQL's own, so that nothing depends on the system's locales: an index made here sorts
 * the same anywhere. Names that people look up are sorted with an ICU collation, which the list and its index say
 * (`Ordering`), so that a database of one's own sorts them the same.
 */
const INITDB = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-instructions'];
const LOCALE = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'];

/** The environment of the server and its tools: no locale of the machine's, times in UTC. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' });

/**
 * Runs `initdb` unless there is a cluster. It is made aside and renamed when it is whole, so that a crash in the
 * middle leaves nothing that looks like one.
 * @throws {Fault} `INITDB_FAILED` with what it said.
 */
export async function makeCluster(home: Home, binaries: string, identity: Identity, password: string): Promise<void> {
  if (existsSync(join(home.cluster, 'PG_VERSION'))) return;
  removeLeftovers(home);
  const partial = `${home.cluster}.${process.pid}`;
  mkdirSync(partial, { mode: 0o700 });
  giveTo(identity, partial);
  const passwordFile = `${partial}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  giveTo(identity, passwordFile);
  try {
    const options = ['-D', partial, `--pwfile=${passwordFile}`, ...INITDB, ...LOCALE];
    // We may be stopped in the middle: what it has begun is thrown away then.
    await run(...tethered(join(binaries, 'bin', 'initdb'), options), {
      ...identity,
      env: serverEnvironment(),
      cwd: '/',
      timeout: 120_000,
    });
    renameSync(partial, home.cluster);
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true });
    // Another process that started at the same time may have been faster.
    if (existsSync(join(home.cluster, 'PG_VERSION'))) return;
    const said = (cause as { stderr?: string }).stderr || (cause as Error).message;
    throw new Fault('INITDB_FAILED', `The embedded PostgreSQL could not be set up in ${home.folder}: ${said}`, {
      cause,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** What an `initdb` left whose process is gone. */
function removeLeftovers(home: Home): void {
  for (const name of readdirSync(home.folder)) {
    const pid = Number(/^cluster\.(\d+)(\.password)?$/.exec(name)?.[1]);
    if (pid && !isRunning(pid)) rmSync(join(home.folder, name), { recursive: true, force: true });
  }
}
