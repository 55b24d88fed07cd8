/** Looks after the embedded server while we run: one that has died is started again, on the same data and port. */
import { setTimeout as wait } from 'node:timers/promises';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { isRunning } from './processes.ts';

/** How it is looked after. */
export interface KeepOptions extends EmbeddedPostgresOptions {
  /** Told when it cannot be started any more. */
  onGivenUp(error: unknown): void;
  /** Starts it. @default startEmbeddedPostgres */
  start?(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres>;
  /** Starts that fail in a row until it is given up. @default 10 */
  limit?: number;
  /** Milliseconds before the second try, twice as long before each next one, up to 30 seconds. @default 200 */
  initialMs?: number;
}

/** How often the process is looked for, in milliseconds. */
const LOOK_MS = 200;
const MAX_MS = 30_000;

/** Keeps a server running until `stop`, which stops it. That of another process is not ours to keep. */
export function keepRunning(server: EmbeddedPostgres, options: KeepOptions): { stop(): Promise<void> } {
  if (server.isGuest) return { stop: () => server.stop() };
  const ending = new AbortController();
  const kept = keep(server, options, ending.signal);
  return {
    async stop() {
      ending.abort();
      await (await kept).stop();
    },
  };
}

async function keep(server: EmbeddedPostgres, options: KeepOptions, signal: AbortSignal): Promise<EmbeddedPostgres> {
  let current = server;
  while (!signal.aborted) {
    if (isRunning(current.pid)) {
      await pause(LOOK_MS, signal);
      continue;
    }
    options.log(`PostgreSQL (pid ${current.pid}) has died`);
    const next = await startAgain(current, options, signal);
    if (!next) break;
    current = next;
  }
  return current;
}

async function startAgain(
  { port }: EmbeddedPostgres,
  options: KeepOptions,
  signal: AbortSignal,
): Promise<EmbeddedPostgres | undefined> {
  const { start = startEmbeddedPostgres, limit = 10, initialMs = 200, log, onGivenUp } = options;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const server = await start(options);
      if (server.port === port) {
        log(`PostgreSQL (pid ${server.pid}) runs again`);
        return server;
      }
      // Every pool of ours knows the old address.
      await server.stop();
      throw new Error(`the port ${port} of PostgreSQL is taken by somebody else`);
    } catch (error) {
      failures++;
      log(`PostgreSQL did not start again (${failures}): ${(error as Error).message}`);
      if (failures >= limit) {
        onGivenUp(error);
        return undefined;
      }
      await pause(Math.min(MAX_MS, initialMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2), signal);
    }
  }
  return undefined;
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  wait(milliseconds, undefined, { signal }).catch(() => {});
