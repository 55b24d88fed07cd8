import { boundedKey } from './bounded-key.ts';
import { type Cache, MAX_VALUE } from './cache.ts';
import type { RedisLink } from './redis-link.ts';

/** A cache that all processes on the same Redis share. It is empty while Redis is away. */
export class RedisCache implements Cache {
  readonly #redis: RedisLink;

  constructor(redis: RedisLink) {
    this.#redis = redis;
  }

  async get(key: string): Promise<string | undefined> {
    const name = this.#redis.named('cache', boundedKey(key));
    return this.#redis
      .send((client) => client.get(name))
      .then(
        (value) => value ?? undefined,
        () => undefined,
      );
  }

  async set(key: string, value: string, seconds: number): Promise<void> {
    const name = this.#redis.named('cache', boundedKey(key));
    const expiration = { type: 'PX', value: Math.ceil(seconds * 1000) } as const;
    // A value that is not cached must still replace an older one.
    const isKept = value.length <= MAX_VALUE && seconds > 0;
    await this.#redis
      .send<unknown>((client) => (isKept ? client.set(name, value, { expiration }) : client.del(name)))
      .catch(() => {});
  }
}
