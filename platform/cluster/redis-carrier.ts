import type { Carrier } from './linked-relay.ts';
import type { Cluster } from './cluster.ts';
import type { RedisLink } from './redis-link.ts';

/** The channel's name, which processes of earlier releases use too. */
const CHANNEL = 'rings';

/** Carries notifications over the broadcast. */
export const redisCarrier = ({ broadcast, redis }: Cluster & { redis: RedisLink }): Carrier => ({
  get isUp() {
    return redis.isUp;
  },
  send: (message) => broadcast.publish(CHANNEL, message),
  hear: (listener) => void broadcast.subscribe(CHANNEL, listener),
  onChange: (listener) => redis.onChange(listener),
});
