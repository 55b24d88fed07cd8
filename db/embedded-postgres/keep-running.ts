/**
 * Looks after the embedded server while we run: one that has died is started again, on the same data and port. Data that
 * is gone is waited for.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { isRunning } from './processes.ts';

/** Options of keeping the server running. */
export interface KeepOptions extends EmbeddedPostgresOptions {
  /** Called at each start that fails, with the failures in a row. It is tried again, however often it fails. */
  onFailure(error: unknown, failures: number): void;
  /** Starts it. @default startEmbeddedPostgres */
  start?(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres>;
  /** Backoff: milliseconds before the second try, doubled before each next one. @default 200 */
  initialMs?: number;
  /** Longest backoff: a cause such as a full disk passes without our knowing. @default 30 seconds */
  maxMs?: number;
}

/** How often the process is checked, in milliseconds. */
const LOOK_MS = 200;

/** A server that is kept running. */
export interface KeptServer {
  /** Why it does not start again; undefined while it runs. */
  readonly failure: unknown;
  stop(): Promise<void>;
}

/** Keeps a server running until `stop`, which stops it. A server of another process is not ours to keep. */
export function keepRunning(server: EmbeddedPostgres, options: KeepOptions): KeptServer {
  if (server.isGuest) return { failure: undefined, stop: () => server.stop() };
  const ending = new AbortController();
  let failure: unknown;
  const onFailure: KeepOptions['onFailure'] = (error, failures) => {
    failure = error;
    options.onFailure(error, failures);
  };
  const onRunning = (): void => (failure = undefined);
  const kept = keep(server, { ...options, onFailure, onRunning }, ending.signal);
  return {
    get failure() {
      return failure;
    },
    async stop() {
      ending.abort();
      await (await kept).stop();
    },
  };
}

/** Options of the loop. */
interface LoopOptions extends KeepOptions {
  /** Called when it runs again. */
  onRunning(): void;
}

async function keep(server: EmbeddedPostgres, options: LoopOptions, signal: AbortSignal): Promise<EmbeddedPostgres> {
  let current = server;
  while (!signal.aborted) {
    if (isRunning(current.pid)) {
      await pause(LOOK_MS, signal);
      continue;
    }
    options.log(`PostgreSQL (pid ${current.pid}) has died`);
    const next = await startAgain(current, options, signal);
    if (!next) break;
    options.onRunning();
    current = next;
  }
  return current;
}

async function startAgain(
  { port }: EmbeddedPostgres,
  options: KeepOptions,
  signal: AbortSignal,
): Promise<EmbeddedPostgres | undefined> {
  const { start = startEmbeddedPostgres, initialMs = 200, maxMs = 30_000, log, onFailure } = options;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const server = await start({ ...options, mustExist: true });
      if (server.port === port) {
        log(`PostgreSQL (pid ${server.pid}) runs again`);
        return server;
      }
      // Every pool of ours has the old address.
      await server.stop();
      throw new Error(`the port ${port} of PostgreSQL is taken by somebody else`);
    } catch (error) {
      if (signal.aborted) break;
      onFailure(error, ++failures);
      await pause(Math.min(maxMs, initialMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2), signal);
    }
  }
  return undefined;
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  wait(milliseconds, undefined, { signal }).catch(() => {});
