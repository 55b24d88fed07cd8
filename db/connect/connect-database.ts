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
import { directAddress } from './direct-address.ts';

/** Connections for the sagas' engine, which polls and listens on its own. */
const SAGA_CONNECTIONS = 8;
/**
 * Connections of the sessions pool, for work that outlives a transaction: scheduled jobs and backfills of projections,
 * each of which holds one while it runs. Jobs are short, and their times are spread: one connection does for four
 * agents.
 */
const sessionConnections = (agents: number): number => Math.max(4, Math.ceil(agents / 4));
/** The agent that runs the sagas. */
const SAGAS = 'orchestration';

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
 */
export async function connectDatabase(
  url: string,
  { config, log, endings }: ConnectOptions,
  agents: readonly string[],
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
  const connect = (address: string, max: number, name: string, sharedBy = 1): Connections => {
    const pool = open({ url: address, max, name, prepare });
    agentPools.push(pool);
    const direct = directAddress(address, config);
    const sessions = open({ url: direct, max: sessionConnections(sharedBy), name: `${name} jobs` });
    return {
      kysely: kyselyOver(guardedPool(pool, guard), onError),
      sessions: kyselyOver(guardedPool(sessions, guard)),
    };
  };
  const shared = connect(url, config.DATABASE_POOL, 'agora', agents.length);
  const given = agentDatabases(process.env, [...agents, 'gateway']);
  const own = new Map(
    [...given].map(([agent, address]) => [agent, connect(address, config.DATABASE_POOL_AGENT, `agora ${agent}`)]),
  );
  const of = (agent: string): Connections => own.get(agent) ?? shared;

  const sagaUrl = directAddress(given.get(SAGAS) ?? url, config);
  const sagas = {
    url: sagaUrl,
    pool: open({ url: sagaUrl, max: SAGA_CONNECTIONS, name: 'agora sagas', int8: 'text' }),
  };
  // The second is for a health check while a write hangs.
  const healthPool = open({ url, max: 2, name: 'agora health', prepare });
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
