/** The running server of a cluster, known by its `postmaster.pid`. */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Fault } from '../../platform/errors.ts';
import { commandLine, isRunning, isShortage, signal, waitForExit } from './processes.ts';

/** A server that runs on our cluster. */
export interface Postmaster {
  pid: number;
  /** Port; 0 until the server has written it. */
  port: number;
  /** The server's own status: `starting`, `ready`, `stopping`. */
  status: string;
}

/** The server that runs on this cluster, if one does. @throws Error if it cannot be seen now, as without a file descriptor left */
export function runningPostmaster(cluster: string): Postmaster | undefined {
  const lines = readPidFile(cluster).split('\n');
  const pid = Math.abs(Number(lines[0]));
  if (!pid || !isRunning(pid)) return undefined;
  const command = commandLine(pid);
  if (command !== undefined && !isServerOf(command, cluster)) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: lines[7]?.trim() ?? '' };
}

/**
 * Lets a server start over the `postmaster.pid` of one that is gone. PostgreSQL refuses as long as the pid belongs to
 * any process of its user: an innocent one that got it later, or the dead server itself where no process reaps it, as
 * in a container. We put our own pid there, which as that of its parent it accepts; deleting the file would also cost
 * its second check, that no process of the old server still holds the shared memory that the file names. Only a file
 * without a pid, which a crash of the machine may leave, is deleted: PostgreSQL would refuse it for ever.
 */
export function disownPidFile(cluster: string): void {
  const file = join(cluster, PID_FILE);
  if (!existsSync(file)) return;
  const text = readPidFile(cluster);
  if (runningPostmaster(cluster) || readPidFile(cluster) !== text) return;
  if (/^-?\d+\s/.test(text)) overwrite(file, text.replace(/^-?\d+/, String(process.pid)));
  else rmSync(file, { recursive: true, force: true });
}

/** Overwrites a file in the space that it has: on a full disk a file that is made anew would be left empty. */
function overwrite(file: string, text: string): void {
  const opened = openSync(file, 'r+');
  try {
    writeSync(opened, text, 0);
    ftruncateSync(opened, Buffer.byteLength(text));
  } finally {
    closeSync(opened);
  }
}

const PID_FILE = 'postmaster.pid';

function readPidFile(cluster: string): string {
  try {
    return readFileSync(join(cluster, PID_FILE), 'utf8');
  } catch (error) {
    // An empty file would be deleted, under a server that runs.
    if (isShortage(error)) throw error;
    return '';
  }
}

/**
 * Whether a command line is our server's. Its first process keeps the command line that we gave it; its children show
 * what they do instead.
 */
const isServerOf = (command: string, cluster: string): boolean =>
  /postgres(\.exe)?"? /.test(command) && command.includes(cluster);

/**
 * Whether the server at this port lets us in, and works on our cluster and not on another.
 * @throws Error if it could not be asked, as without a file descriptor left
 */
export async function answers(cluster: string, port: number, password: string): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    password,
    connectionTimeoutMillis: 1000,
    query_timeout: 1000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return rows[0]?.data_directory === cluster;
  } catch (error) {
    // A server that does not answer is ended; this one was not asked.
    if (isShortage(error)) throw error;
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * The server that already runs on the cluster, once it answers; undefined when none runs. After a crash of the machine
 * it may be replaying its log, which takes as long as it takes; a server that claims to be ready and does not answer,
 * or is stopping, is ended.
 */
export async function adopt(cluster: string, password: string): Promise<Postmaster | undefined> {
  const deadline = performance.now() + 60_000;
  let deaf = 0;
  for (;;) {
    const running = runningPostmaster(cluster);
    if (!running) return undefined;
    if (running.status === 'ready') {
      if (await answers(cluster, running.port, password)) return running;
      deaf++;
    }
    if (running.status === 'stopping' || deaf >= 2 || performance.now() > deadline) {
      await endPostmaster(running.pid);
      return undefined;
    }
    await sleep(25);
  }
}

/**
 * Stops a server, within five seconds: `SIGINT` is PostgreSQL's fast shutdown, which ends sessions and writes
 * everything out. After `SIGQUIT` and `SIGKILL` the next start replays the log: no committed row is lost by any of
 * them.
 * @throws {Fault} `POSTGRES_WILL_NOT_STOP`
 */
export async function endPostmaster(pid: number): Promise<void> {
  for (const [name, patience] of [
    ['SIGINT', 3000],
    ['SIGQUIT', 1000],
    ['SIGKILL', 500],
  ] as const) {
    signal(pid, name);
    if (await waitForExit(pid, patience)) return;
  }
  throw new Fault('POSTGRES_WILL_NOT_STOP', `The embedded PostgreSQL (pid ${pid}) does not stop.`);
}
