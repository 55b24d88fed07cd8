import { boundedKey } from './bounded-key.ts';
import { type Limit, type Limiter, LocalLimiter, type Taken, told } from './limiter.ts';
import type { RedisLink } from './redis-link.ts';

/**
 * The algorithm of limiter.ts, atomic and by the clock of Redis: the stored value is the time at which the bucket will
 * be full, until then. Times are in milliseconds, as text, since a number in an answer would lose its fraction.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local cost, capacity, whole = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local before = math.max(0, (tonumber(redis.call('GET', KEYS[1])) or now) - now)
local after = before + cost * whole / capacity
if after > whole then return {0, string.format('%.3f', before), string.format('%.3f', after - whole)} end
if after > 0 then redis.call('SET', KEYS[1], string.format('%.3f', now + after), 'PX', math.ceil(after)) end
return {1, string.format('%.3f', after), '0'}
`;

/**
 * Token buckets shared by all processes on the same Redis. While it is away each process has its own, full at first.
 */
export class RedisLimiter implements Limiter {
  readonly #redis: RedisLink;
  readonly #own = new LocalLimiter();

  constructor(redis: RedisLink) {
    this.#redis = redis;
  }

  async take(key: string, cost: number, limit: Limit): Promise<Taken> {
    const bounded = boundedKey(key);
    const whole = limit.perSeconds * 1000;
    const call = {
      keys: [this.#redis.named('limit', bounded)],
      arguments: [cost, limit.capacity, whole].map(String),
    };
    try {
      const answer = await this.#redis.send((client) => client.eval(TAKE, call));
      const [allowed, fullIn, retryIn] = answer as [number, string, string];
      return told(allowed === 1, Number(fullIn), Number(retryIn), limit.capacity, whole);
    } catch {
      return this.#own.take(bounded, cost, limit);
    }
  }
}
