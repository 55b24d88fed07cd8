/**
 * The directory of agents that serve over the network: each process that does keeps a row for every agent of its own,
 * and the others read there whom to ask. Who lets its lease run out is asked only if its agent has nobody else: it may be
 * dead, or too busy to give a sign of life. The database's clock decides, so that no host's matters. Embedded, nobody
 * announces itself.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** How long a replica counts as alive after its last sign, in seconds. */
export const REPLICA_LEASE_SECONDS = 8;
/** How long who is silent may still be asked, where an agent has nobody else, in seconds; then it is forgotten. */
const FORGOTTEN_SECONDS = 3600;
/** How often it gives one, in milliseconds. */
export const REPLICA_BEAT_MS = 2000;
/** How often those who ask look into the directory, in milliseconds: so late, at most, do they notice who has left. */
export const DIRECTORY_POLL_MS = 1000;

/** One agent in one process, as others see it. */
export interface Replica {
  /** The agent's name. */
  readonly agent: string;
  /** This life of its process, a UUID: never used again. */
  readonly process: string;
  /** The name of the process, stable over restarts. */
  readonly instance: string;
  /** Where the agent's part of the graph is asked for: `http://10.0.0.7:4001/order`. */
  readonly url: string;
  /** Of the SDL that it serves; {@link sdlOf} has the text. Replicas of one release have the same. */
  readonly sdlHash: string;
  /** Whether its lease has run out, and nobody else serves this agent. */
  readonly isLate: boolean;
}

/** Where a replica stands in the directory. */
export type Place = Pick<Replica, 'agent' | 'process'>;

/** A replica that announces itself. */
export interface Announced extends Omit<Replica, 'sdlHash' | 'isLate'> {
  /** All of its SDL: what composition takes. */
  readonly sdl: string;
}

/** Enters a replica into the directory, or again if it has fallen out of it. */
export async function announce(kysely: Kysely<any>, replica: Announced): Promise<void> {
  const { agent, process, instance, url, sdl } = replica;
  await raw(
    kysely,
    // By the way: who has been gone for long is forgotten, and who was at this address before, which has died there.
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
 * A sign of life of the agents of one process, in one statement. Returns those of them that do not stand in the
 * directory: they must be announced again.
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

/** Takes a replica out of the directory: nobody who looks there afterwards will ask it. */
export async function withdraw(kysely: Kysely<any>, { agent, process }: Place): Promise<void> {
  await raw(kysely, 'delete from platform.agent_replica where agent = $1 and process = $2', [agent, process]);
}

/**
 * All that can be asked now, by agent, the oldest first: those whose leases hold; of an agent that has none, those who
 * gave the last signs of life, one beat apart.
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

/** The SDL with this hash, or undefined if no replica has it any more. It never changes: whoever knows it need not ask again. */
export async function sdlOf(kysely: Kysely<any>, sdlHash: string): Promise<string | undefined> {
  const { rows } = await raw<{ sdl: string }>(
    kysely,
    'select sdl from platform.agent_replica where sdl_hash = $1 limit 1',
    [sdlHash],
  );
  return rows[0]?.sdl;
}

/** The hash of an SDL, as the directory has it. */
export const hashOf = (sdl: string): string => createHash('sha256').update(sdl).digest('hex');
