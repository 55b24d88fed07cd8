import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { kyselyOver } from '../kysely.ts';
import { createPool, type PoolOptions } from '../pool.ts';
import { type DatabaseProbe, PROBE, WRITE_PROBE } from '../../platform/agent/database-monitor.ts';
import { agentDatabases, type Config } from '../../platform/config/config.ts';
import type { Endings } from '../../platform/endings.ts';
import type { Logger } from '../../platform/log.ts';
import { Breakers, EVERY_AGENT } from '../../platform/resilience/breakers.ts';
import { guardedPool, isDatabaseAway } from '../../platform/resilience/guarded-pool.ts';
import { POLICIES } from '../../platform/resilience/policies.ts';
import {
  HEALTH_CONNECTIONS,
  OWN_SESSIONS,
  PLATFORM_CONNECTIONS,
  SAGA_CONNECTIONS,
  SAGAS,
  sharedSessions,
} from './connection-counts.ts';
import { directAddress } from './direct-address.ts';

/** Parts with which connections are opened. */
export interface ConnectOptions {
  config: Config;
  log: Logger;
  /** Takes the closing of each pool. */
  endings: Endings;
}

/** The connection pools of one role: for transactions, and for work that outlives them. */
interface Connections {
  kysely: Kysely<any>;
  sessions: Kysely<any>;
}

/**
 * Connection pools to the database: the agents' behind a circuit breaker, the sagas' engine's, and one for the health
 * check. Agents share one pool, but for those that have an address, and so a role, of their own (`DATABASE_URL_ORDER`).
 * @param url address of everything that belongs to no agent, and of the agents without one of their own.
 * @param agents all agents, to detect a wrong variable.
 * @param served the agents that this process runs. @default all
 */
export async function connectDatabase(
  url: string,
  { config, log, endings }: ConnectOptions,
  agents: readonly string[],
  served = agents,
) {
  const onConnectionLost = (error: Error): void => {
    if (!endings.isStopping) log.warn({ err: error }, 'a connection to the database was lost');
  };
  const pools: Pool[] = [];
  const open = (options: PoolOptions): Pool => {
    const pool = createPool({ ...options, onConnectionLost });
    pools.push(pool);
    return pool;
  };
  await endings.add(() => Promise.all(pools.map((pool) => pool.end())));

  const listeners: ((error: unknown) => void)[] = [];
  const onError = (error: unknown): void => listeners.forEach((listen) => listen(error));
  const breakers = new Breakers();
  const guard = breakers.guard(EVERY_AGENT, 'database', { policy: POLICIES.database, isIllness: isDatabaseAway });
  const prepare = config.DATABASE_PREPARE === 'true';
  const agentPools: Pool[] = [];
  const connect = (address: string, name: string, max: { pool: number; sessions: number }): Connections => {
    const pool = open({ url: address, max: max.pool, name, prepare });
    agentPools.push(pool);
    const sessions = open({ url: directAddress(address, config), max: max.sessions, name: `${name} jobs` });
    return {
      kysely: kyselyOver(guardedPool(pool, guard), onError),
      sessions: kyselyOver(guardedPool(sessions, guard)),
    };
  };
  const given = agentDatabases(process.env, [...agents, 'gateway']);
  const sharing = served.filter((agent) => !given.has(agent)).length;
  const { DATABASE_POOL, DATABASE_POOL_AGENT } = config;
  const shared = connect(url, 'agora', {
    pool: sharing > 0 ? DATABASE_POOL : Math.min(DATABASE_POOL, PLATFORM_CONNECTIONS),
    sessions: sharedSessions(sharing),
  });
  const ofOne = { pool: DATABASE_POOL_AGENT, sessions: OWN_SESSIONS };
  const own = new Map([...given].map(([agent, address]) => [agent, connect(address, `agora ${agent}`, ofOne)]));
  const of = (agent: string): Connections => own.get(agent) ?? shared;

  const sagaUrl = directAddress(given.get(SAGAS) ?? url, config);
  const sagas = {
    url: sagaUrl,
    pool: open({ url: sagaUrl, max: SAGA_CONNECTIONS, name: 'agora sagas', int8: 'text' }),
  };
  const healthPool = open({ url, max: HEALTH_CONNECTIONS, name: 'agora health', prepare });
  const database: DatabaseProbe = {
    look: async () => (await healthPool.query<{ isReadOnly: boolean }>(PROBE)).rows[0]!,
    write: () => healthPool.query(WRITE_PROBE),
    onError: (listener) => void listeners.push(listener),
    pool: () => ({
      total: sum(agentPools.map((pool) => pool.totalCount)),
      idle: sum(agentPools.map((pool) => pool.idleCount)),
      waiting: sum(agentPools.map((pool) => pool.waitingCount)),
    }),
  };
  const kyselyFor = (agent: string): Kysely<any> => of(agent).kysely;
  const sessionsFor = (agent: string): Kysely<any> => of(agent).sessions;
  const addressOf = (agent: string): string => given.get(agent) ?? url;
  return { kysely: shared.kysely, kyselyFor, sessionsFor, addressOf, sagas, breakers, database };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
