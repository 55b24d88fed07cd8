import type { DependencyHealth, SharedDependency } from '../agent/health.ts';
import { LinkedRelay, type Carrier } from './linked-relay.ts';
import { type Cluster, localCluster, redisCluster } from './cluster.ts';
import { NotifyLink } from './notify-link.ts';
import { redisCarrier } from './redis-carrier.ts';
import type { Config } from '../config/config.ts';
import type { NotifierRelay } from '../events/notifier-relay.ts';
import type { Logger } from '../log.ts';
import { measureDependencies } from '../telemetry/dependency-metrics.ts';
import type { Endings } from '../endings.ts';

/** Services that a process shares with the others: `relay` and `dependencies` are options of a host. */
export interface ConnectedCluster extends Pick<Cluster, 'broadcast' | 'once' | 'limiter' | 'cache'> {
  relay?: NotifierRelay;
  dependencies: readonly SharedDependency[];
  /** Current health of the dependencies, for a process without a host. */
  health(): DependencyHealth[];
}

/**
 * Connects this process to the others: through Redis when REDIS_URL is set, and, in a process with a database, by
 * NOTIFY as well, for while Redis is away or when there is none. An unreachable server is waited for and never fatal.
 * `databaseUrl` bypasses any pooler; a gateway has none.
 */
export async function connectCluster(
  config: Pick<Config, 'REDIS_URL' | 'REDIS_PREFIX'>,
  { log, endings, databaseUrl }: { log: Logger; endings: Endings; databaseUrl?: string },
): Promise<ConnectedCluster> {
  const { REDIS_URL: url, REDIS_PREFIX: prefix } = config;
  const shared = url ? await redisCluster({ url, prefix, log }) : undefined;
  if (shared) await endings.add(() => shared.redis.close());
  const notify = databaseUrl ? new NotifyLink({ url: databaseUrl, log }) : undefined;
  await notify?.open();
  if (notify) await endings.add(() => notify.close());

  const carriers: Carrier[] = [shared && redisCarrier(shared), notify].filter((carrier) => carrier !== undefined);
  const relay = carriers.length > 0 ? new LinkedRelay(carriers) : undefined;
  if (relay) await endings.add(() => relay.close());
  const dependencies = [shared?.redis, notify].filter((link) => link !== undefined);
  const { broadcast, once, limiter, cache } = shared ?? localCluster(log);
  const health = (): DependencyHealth[] => dependencies.map((dependency) => dependency.health);
  measureDependencies(health);
  return { broadcast, once, limiter, cache, relay, dependencies, health };
}

/** The services of a process that is alone. */
export const aloneInCluster = (log: Logger): ConnectedCluster => ({
  ...localCluster(log),
  dependencies: [],
  health: () => [],
});
