import type { Logger } from '../log.ts';
import { type Broadcast, checkMessage, Listeners } from './broadcast.ts';
import type { RedisLink } from './redis-link.ts';

/** A broadcast to all processes on the same Redis (pub/sub). While it is away messages are lost, without a wait. */
export class RedisBroadcast implements Broadcast {
  readonly #redis: RedisLink;
  readonly #listeners: Listeners;

  constructor(redis: RedisLink, log: Logger) {
    this.#redis = redis;
    this.#listeners = new Listeners(log);
  }

  async publish(channel: string, message: string): Promise<boolean> {
    checkMessage(channel, message);
    const name = this.#redis.named('channel', channel);
    return this.#redis
      .send((client) => client.publish(name, message))
      .then(
        () => true,
        () => false,
      );
  }

  subscribe(channel: string, listener: (message: string) => void): () => void {
    const own = (message: string): void => listener(message);
    const name = this.#redis.named('channel', channel);
    if (this.#listeners.add(channel, own)) this.#redis.hear(name, (message) => this.#listeners.tell(channel, message));
    return () => {
      if (this.#listeners.remove(channel, own)) this.#redis.hear(name, undefined);
    };
  }
}
