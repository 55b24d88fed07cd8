import { kyselyOver } from '../db/kysely.ts';
import { createPool } from '../db/pool.ts';
import { type DatabaseProbe, PROBE } from '../platform/agent/database-monitor.ts';
import { Breakers, EVERY_AGENT } from '../platform/resilience/breakers.ts';
import { guardedPool, isDatabaseAway } from '../platform/resilience/guarded-pool.ts';
import { POLICIES } from '../platform/resilience/policies.ts';
import type { EmbeddedOptions } from './embedded.ts';

/** Connections for the sagas' engine, which polls and listens on its own. */
const SAGA_CONNECTIONS = 8;

/** Connections to the database: the agents' behind a circuit breaker, the sagas' engine's, and one to look how it is. */
export async function connectDatabase(url: string, { config, log, endings }: EmbeddedOptions) {
  const onConnectionLost = (error: Error): void => {
    if (!endings.isStopping) log.warn({ err: error }, 'a connection to the database was lost');
  };
  const pool = createPool({ url, max: config.DATABASE_POOL, name: 'agora', onConnectionLost });
  const sagaPool = createPool({ url, max: SAGA_CONNECTIONS, name: 'agora sagas', int8: 'text', onConnectionLost });
  const healthPool = createPool({ url, max: 1, name: 'agora health' });
  await endings.add(() => Promise.all([pool.end(), sagaPool.end(), healthPool.end()]));

  const breakers = new Breakers();
  const guard = breakers.guard(EVERY_AGENT, 'database', { policy: POLICIES.database, isIllness: isDatabaseAway });
  const database: DatabaseProbe = {
    look: async () => (await healthPool.query<{ isReadOnly: boolean }>(PROBE)).rows[0]!,
    pool: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  };
  return { kysely: kyselyOver(guardedPool(pool, guard)), sagas: { url, pool: sagaPool }, breakers, database };
}
