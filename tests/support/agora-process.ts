/** Agora in a process of its own, as `npm start` runs it: for tests that start, stop and kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { credentialsOf } from '../../db/embedded-postgres/credentials.ts';
import { homeFor } from '../../db/embedded-postgres/home.ts';
import { type Identity, serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';
import { UNLIMITED } from './unlimited.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Time limit of a first start on a busy machine, in milliseconds. */
const START_MS = 300_000;

/** Options of a start. */
export interface AgoraOptions {
  /** AGORA_DATA. */
  data: string;
  /** `--empty`, `--reset`. */
  args?: readonly string[];
  env?: Record<string, string>;
  /** The user that it runs as. @default our own */
  as?: Identity;
}

/** How a process ended. */
export interface Ending {
  /** Null if a signal ended it. */
  code: number | null;
  /** All its output. */
  output: string;
  /** From the signal, or from the start, to the end. */
  milliseconds: number;
}

/** A running Agora. */
export interface AgoraProcess {
  pid: number;
  /** Address at which it answers: `http://127.0.0.1:40123`. */
  url: string;
  /** Milliseconds from the start to the line with its address. */
  readyMs: number;
  output(): string;
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ending>;
}

/** Folders to delete when we end. */
const folders = new Map<string, () => Promise<void>>();
/** Running processes, each with its folder. */
const running = new Map<ChildProcess, string>();

/** Ends every Agora that was started here and deletes the folders of all: for a program that is ended in the middle. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running.keys()].map(async (child) => {
      const tooLong = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await end(child, () => '', 'SIGTERM');
      clearTimeout(tooLong);
    }),
  );
  for (const remove of folders.values()) await remove().catch(() => {});
}

/** A folder for AGORA_DATA, which the server's user can enter too; the second function deletes it and ends what runs on it. */
export function temporaryData(): { data: string; remove(): Promise<void> } {
  const data = mkdtempSync(join(tmpdir(), 'agora-start-'));
  chmodSync(data, 0o755);
  const remove = async () => {
    // If a test has failed half-way, its error is the one to report.
    const left = [...running].filter(([, folder]) => folder === data);
    await Promise.all(left.map(([child]) => end(child, () => '', 'SIGTERM')));
    await deleteEmbeddedPostgres(join(data, 'postgres'));
    rmSync(data, { recursive: true, force: true });
    folders.delete(data);
  };
  folders.set(data, remove);
  return { data, remove };
}

/** Starts Agora on a free port. @throws Error with its exit code and output, if it ends before it is ready */
export async function startAgora(options: AgoraOptions): Promise<AgoraProcess> {
  const { child, output, started, closed } = launch(options);
  const deadline = started + START_MS;
  let url: string | undefined;
  while (!(url = /(http:\S+)\/graphql/.exec(output())?.[1])) {
    if (performance.now() > deadline) throw new Error(`Agora is not ready after ${START_MS} ms: ${output()}`);
    if (hasEnded(child)) {
      await closed;
      throw new Error(`Agora ended with ${child.exitCode} before it was ready: ${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const readyMs = performance.now() - started;
  return { pid: child.pid!, url, readyMs, output, end: (signal = 'SIGTERM') => end(child, output, signal) };
}

/** Starts an Agora that is expected to end by itself, or by a signal as soon as it has written something. */
export async function runAgora(options: AgoraOptions, endAt?: string): Promise<Ending> {
  const { child, output, started, closed } = launch(options);
  while (endAt !== undefined && !hasEnded(child) && !output().includes(endAt))
    await new Promise((resolve) => setTimeout(resolve, 5));
  const signalled = performance.now();
  if (endAt !== undefined) child.kill('SIGINT');
  let wasKilled = false;
  const timer = setTimeout(() => (wasKilled = child.kill('SIGKILL')), START_MS);
  await closed;
  clearTimeout(timer);
  if (wasKilled) throw new Error(`Agora has not ended within ${START_MS} ms: ${output()}`);
  return {
    code: child.exitCode,
    output: output(),
    milliseconds: performance.now() - (endAt === undefined ? started : signalled),
  };
}

function launch({ data, args = [], env, as }: AgoraOptions) {
  const { NODE_OPTIONS: _, AGORA_NEWER_NODE: __, ...inherited } = process.env;
  const child = spawn(
    ...dieWithParent(process.execPath, [join(ROOT, 'bin/agora.mjs'), 'bin/start.ts', ...args], 'TERM'),
    {
      ...as,
      cwd: ROOT,
      env: {
        ...inherited,
        NODE_ENV: 'development',
        LOG_LEVEL: 'error',
        PORT: '0',
        AGORA_DATA: data,
        ...UNLIMITED,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.set(child, data);
  const closed = once(child, 'close').finally(() => running.delete(child));
  let text = '';
  child.stdout.on('data', (part) => (text += part));
  child.stderr.on('data', (part) => (text += part));
  return { child, output: () => text, started: performance.now(), closed };
}

async function end(child: ChildProcess, output: () => string, signal: NodeJS.Signals): Promise<Ending> {
  const started = performance.now();
  if (!hasEnded(child)) {
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
  }
  return { code: child.exitCode, output: output(), milliseconds: performance.now() - started };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The address of the embedded database of this folder, as it was when it ran last. */
export function databaseOf(data: string): string {
  const home = homeFor(join(data, 'postgres'), serverIdentity());
  return `postgres://agora:${credentialsOf(home).agora}@127.0.0.1:${readFileSync(home.port, 'utf8')}/agora`;
}
