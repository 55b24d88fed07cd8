/** Services that several processes share beside the database, and their in-process stand-ins. */
import type { Logger } from '../log.ts';
import { type Broadcast, LocalBroadcast } from './broadcast.ts';
import { type Cache, LocalCache } from './cache.ts';
import { type Limiter, LocalLimiter } from './limiter.ts';
import { LocalNonces, type NonceStore } from './nonces.ts';
import { RedisBroadcast } from './redis-broadcast.ts';
import { RedisCache } from './redis-cache.ts';
import { RedisLimiter } from './redis-limiter.ts';
import type { RedisLink, RedisOptions } from './redis-link.ts';
import { RedisNonces } from './redis-nonces.ts';

/** The shared services. Nothing that matters may live only here. */
export interface Cluster {
  broadcast: Broadcast;
  once: NonceStore;
  limiter: Limiter;
  cache: Cache;
  /** The connection to Redis; absent when this process is alone. */
  redis?: RedisLink;
}

/** In-process services, for a process that is alone. */
export const localCluster = (log: Logger): Cluster => ({
  broadcast: new LocalBroadcast(log),
  once: new LocalNonces(),
  limiter: new LocalLimiter(),
  cache: new LocalCache(),
});

/** Services over Redis, which need not be there yet. Close its `redis` in the end. */
export async function redisCluster(options: RedisOptions): Promise<Cluster & { redis: RedisLink }> {
  // Loaded when it is wanted: the client takes a twentieth of a second, and most processes have no Redis.
  const { RedisLink } = await import('./redis-link.ts');
  const redis = new RedisLink(options);
  await redis.open();
  return {
    broadcast: new RedisBroadcast(redis, options.log),
    once: new RedisNonces(redis),
    limiter: new RedisLimiter(redis),
    cache: new RedisCache(redis),
    redis,
  };
}
