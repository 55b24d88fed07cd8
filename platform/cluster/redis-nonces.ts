import { boundedKey } from './bounded-key.ts';
import { LocalNonces, type NonceStore } from './nonces.ts';
import type { RedisLink } from './redis-link.ts';

/**
 * Nonces of all processes on the same Redis. Each process remembers its own as well, so that while Redis is away, or
 * has come back empty, no request passes twice through one process.
 */
export class RedisNonces implements NonceStore {
  readonly #redis: RedisLink;
  readonly #own = new LocalNonces();

  constructor(redis: RedisLink) {
    this.#redis = redis;
  }

  async first(key: string, seconds: number): Promise<boolean> {
    const bounded = boundedKey(key);
    if (!(await this.#own.first(bounded, seconds))) return false;
    const expiration = { type: 'PX', value: Math.ceil(seconds * 1000) } as const;
    const name = this.#redis.named('once', bounded);
    try {
      return (await this.#redis.send((client) => client.set(name, '1', { condition: 'NX', expiration }))) !== null;
    } catch {
      return true;
    }
  }
}
