/** Starts the server on a cluster, unless one runs on it already. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../platform/errors.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import { serverEnvironment } from './cluster.ts';
import { freePort } from './free-port.ts';
import type { Home } from './home.ts';
import type { Identity } from './identity.ts';
import { adopt, disownPidFile, type Postmaster, runningPostmaster } from './postmaster.ts';
import { settingsAsFlags } from './settings.ts';
import { spaceLeft } from './space-left.ts';

/**
 * Transient failures: after a `kill -9` of the server its last processes hold its memory for a moment; another process
 * can take the port, or start the same server, under us.
 */
const PASSING = /pre-existing shared memory block|could not bind|lock file "postmaster\.pid" already exists/;
const PATIENCE_MS = 2000;
const LOG_BYTES = 10_000_000;

/** Options of launching a server. */
export interface LaunchOptions {
  home: Home;
  binaries: string;
  identity: Identity;
  settings: Record<string, string>;
  /** The superuser's password, to identify a server that runs already. */
  password: string;
  /** Stops the server in order, however we end. */
  endsWithUs: boolean;
  /** Milliseconds until a new server takes connections, the replay of its log included. */
  startMs: number;
  /** Called with a function that ends the new server: no other process knows of it yet. */
  onLaunch(end: () => void): void;
}

/**
 * The server of the cluster, taking connections: the one that runs already, or a new one, on its last port if that is
 * free.
 * @throws {Fault} `POSTGRES_DID_NOT_START` with its output.
 */
export async function adoptOrLaunch(options: LaunchOptions): Promise<Postmaster & { adopted: boolean }> {
  const { home, password } = options;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const adopted = await adopt(home.cluster, password);
    if (adopted) return { ...adopted, adopted: true };
    const begin = existsSync(home.serverLog) ? statSync(home.serverLog).size : 0;
    const launched = await launch(options, begin > LOG_BYTES ? 'w' : 'a');
    if (launched) return { ...launched, adopted: false };
    const said = readFileSync(home.serverLog)
      .subarray(begin > LOG_BYTES ? 0 : begin)
      .toString()
      .trim();
    if (!PASSING.test(said) || performance.now() > deadline) {
      const why = said || `it ended without a word in ${home.serverLog}.`;
      const message = `The embedded PostgreSQL in ${home.folder} did not start: ${why}${spaceLeft(home.folder)}`;
      throw new Fault('POSTGRES_DID_NOT_START', message);
    }
    await sleep(100);
  }
}

/** Launches a server; undefined when it has exited again. */
async function launch(options: LaunchOptions, logMode: 'w' | 'a'): Promise<Postmaster | undefined> {
  const { home } = options;
  disownPidFile(home.cluster);
  const server = spawnServer(options, await freePort(lastPort(home)), logMode);
  options.onLaunch(() => void server.kill('SIGINT'));
  const running = await untilReady(options, server);
  if (running) rememberPort(home, running.port);
  return running;
}

/**
 * Spawns the server in a process group of its own, so that Ctrl-C in the terminal reaches us alone and we stop it in
 * our order. It logs to a file and not to us, so that it can go on, and be adopted, when we are killed.
 */
function spawnServer(
  { home, binaries, identity, settings, endsWithUs }: LaunchOptions,
  port: number,
  mode: 'w' | 'a',
): ChildProcess {
  const log = openSync(home.serverLog, mode, 0o600);
  try {
    const where = ['-D', home.cluster, '-h', '127.0.0.1', '-p', String(port), '-k', ''];
    const server = [join(binaries, 'bin', 'postgres'), [...where, ...settingsAsFlags(settings)]] as const;
    const child = spawn(...(endsWithUs ? dieWithParent(...server, 'INT') : server), {
      ...identity,
      env: serverEnvironment(),
      cwd: '/',
      stdio: ['ignore', log, log],
      detached: true,
    });
    child.on('error', () => {}); // It has no pid then, which is what is checked.
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

async function untilReady({ home, startMs }: LaunchOptions, server: ChildProcess): Promise<Postmaster | undefined> {
  const deadline = performance.now() + startMs;
  while (server.pid !== undefined && server.exitCode === null && server.signalCode === null) {
    const running = runningPostmaster(home.cluster);
    if (running?.pid === server.pid && running.status === 'ready') return running;
    if (performance.now() > deadline) {
      throw new Fault('POSTGRES_DID_NOT_START', `The embedded PostgreSQL is not ready after ${startMs / 1000} s.`);
    }
    await sleep(5);
  }
  return undefined;
}

/**
 * Remembers the port for the next start, which only tries it first: a full disk, or a folder of that name, is no reason
 * not to start.
 */
function rememberPort(home: Home, port: number): void {
  try {
    writeFileSync(home.port, String(port));
  } catch {
    rmSync(home.port, { recursive: true, force: true });
  }
}

function lastPort(home: Home): number {
  try {
    return Number(readFileSync(home.port, 'utf8')) || 0;
  } catch {
    return 0;
  }
}
