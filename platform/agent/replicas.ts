/**
 * Service discovery of agents that serve over the network: each process keeps a row for every agent of its own, and the
 * others read there whom to ask. A replica past its lease is asked only if it is its agent's only one: it may be dead,
 * or too busy to renew. Leases go by the database's clock, not by a host's. Embedded, there are no replicas.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** Lease of a replica after its last heartbeat, in seconds. */
export const REPLICA_LEASE_SECONDS = 8;
/** Seconds for which a replica past its lease is still tried if it is its agent's only one; then it is deleted. */
const FORGOTTEN_SECONDS = 3600;
/** Milliseconds between heartbeats of a replica. */
export const REPLICA_BEAT_MS = 2000;
/** Milliseconds between callers' reads of the directory: the longest time until they notice a replica that has left. */
export const DIRECTORY_POLL_MS = 1000;

/** One agent in one process, as others see it. */
export interface Replica {
  /** The agent's name. */
  readonly agent: string;
  /** Id of this run of its process, a UUID: never used again. */
  readonly process: string;
  /** The name of the process, stable over restarts. */
  readonly instance: string;
  /** Address of the agent's subgraph: `http://10.0.0.7:4001/order`. */
  readonly url: string;
  /** Hash of the SDL that it serves; {@link sdlOf} has the text. Replicas of one release have the same. */
  readonly sdlHash: string;
  /** Whether its lease has run out, while no other replica serves this agent. */
  readonly isLate: boolean;
}

/** The key of a replica in the directory. */
export type Place = Pick<Replica, 'agent' | 'process'>;

/** A replica that announces itself. */
export interface Announced extends Omit<Replica, 'sdlHash' | 'isLate'> {
  /** Its whole SDL, for composition. */
  readonly sdl: string;
}

/** Adds a replica to the directory, or updates its row. */
export async function announce(kysely: Kysely<any>, replica: Announced): Promise<void> {
  const { agent, process, instance, url, sdl } = replica;
  await raw(
    kysely,
    // Dead rows are deleted on the way: those long past their lease, and an earlier process at the same address.
    `with forgotten as (
       delete from platform.agent_replica
        where agent = $1 and process <> $2 and (expires_at < now() - make_interval(secs => $8) or url = $4))
     insert into platform.agent_replica (agent, process, instance, url, sdl, sdl_hash, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
     on conflict (agent, process) do update
       set url = excluded.url, sdl = excluded.sdl, sdl_hash = excluded.sdl_hash, expires_at = excluded.expires_at`,
    [agent, process, instance, url, sdl, hashOf(sdl), REPLICA_LEASE_SECONDS, FORGOTTEN_SECONDS],
  );
}

/**
 * Renews the leases of the agents of one process, in one statement. Returns those that have no row in the directory
 * and must be announced again.
 */
export async function keep(
  kysely: Kysely<any>,
  process: Place['process'],
  agents: readonly string[],
): Promise<string[]> {
  const { rows } = await raw<{ agent: string }>(
    kysely,
    `update platform.agent_replica set expires_at = now() + make_interval(secs => $3)
      where process = $1 and agent = any($2) returning agent`,
    [process, agents, REPLICA_LEASE_SECONDS],
  );
  const kept = new Set(rows.map(({ agent }) => agent));
  return agents.filter((agent) => !kept.has(agent));
}

/** Deletes a replica from the directory: callers that read it afterwards will not ask it. */
export async function withdraw(kysely: Kysely<any>, { agent, process }: Place): Promise<void> {
  await raw(kysely, 'delete from platform.agent_replica where agent = $1 and process = $2', [agent, process]);
}

/**
 * All replicas that can be asked now, by agent, the oldest first: those whose leases hold; of an agent without any,
 * those that renewed last, within one heartbeat.
 */
export async function askableReplicas(kysely: Kysely<any>): Promise<Replica[]> {
  const { rows } = await raw<Replica>(
    kysely,
    `select agent, process, instance, url, sdl_hash as "sdlHash", expires_at <= now() as "isLate"
       from (select *, max(expires_at) over (partition by agent) as last from platform.agent_replica) as replica
      where expires_at > least(now(), last - make_interval(secs => $1)) and last > now() - make_interval(secs => $2)
        and (expires_at > now() or last <= now())
      order by agent, since, process`,
    [REPLICA_BEAT_MS / 1000, FORGOTTEN_SECONDS],
  );
  return rows;
}

/** The SDL with this hash, or undefined if no replica has it any more. It never changes, so callers may cache it. */
export async function sdlOf(kysely: Kysely<any>, sdlHash: string): Promise<string | undefined> {
  const { rows } = await raw<{ sdl: string }>(
    kysely,
    'select sdl from platform.agent_replica where sdl_hash = $1 limit 1',
    [sdlHash],
  );
  return rows[0]?.sdl;
}

/** The hash of an SDL, as in the directory. */
export const hashOf = (sdl: string): string => createHash('sha256').update(sdl).digest('hex');
