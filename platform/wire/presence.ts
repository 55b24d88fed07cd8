import type { Kysely } from 'kysely';
import { type Announced, announce, keep, REPLICA_BEAT_MS } from '../agent/replicas.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';

/** Milliseconds before a failed heartbeat is retried. */
const AGAIN_MS = 250;

/** Options for a process's presence in the directory. */
export interface PresenceOptions {
  /** The connections of one agent: each may write its own row only. */
  kyselyFor(agent: string): Kysely<any>;
  /** All replicas of one process, whose id they share. */
  replicas: readonly Announced[];
  log: Pick<Logger, 'warn'>;
  /** Called when all of them are in the directory for the first time. */
  onThere?(): void;
}

/**
 * Keeps the replicas of one process in the directory until aborted: announces them, renews their leases, and announces
 * them again if their rows are gone. Never rejects.
 */
export async function bePresent(
  { kyselyFor, replicas, log, onThere }: PresenceOptions,
  signal: AbortSignal,
): Promise<void> {
  let isThere = false;
  let complained = false;
  const byConnections = Map.groupBy(replicas, ({ agent }) => kyselyFor(agent));
  /** One statement for all agents that share their connections, and one more for each whose row is gone. */
  const show = async ([kysely, some]: [Kysely<any>, Announced[]]): Promise<void> => {
    const agents = some.map(({ agent }) => agent);
    const missing = isThere ? await keep(kysely, some[0]!.process, agents) : agents;
    await Promise.all(some.filter(({ agent }) => missing.includes(agent)).map((one) => announce(kysely, one)));
  };
  while (!signal.aborted) {
    try {
      await Promise.all([...byConnections].map(show));
      if (!isThere) onThere?.();
      isThere = true;
      complained = false;
      await sleep(REPLICA_BEAT_MS, signal);
    } catch (error) {
      if (!complained) log.warn({ err: error }, 'no sign of life in the directory of agents');
      complained = true;
      await sleep(AGAIN_MS, signal);
    }
  }
}
