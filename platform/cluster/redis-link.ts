/**
 * A connection to Redis that reconnects without end. Commands fail at once while it is away, and callers do without.
 * The client's own reconnecting is off, since it would keep commands waiting and not notice a server that hangs.
 */
import { createClient } from 'redis';
import type { DependencyHealth } from '../agent/health.ts';
import { Unavailable } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { LinkHealth } from './link-health.ts';
import { within } from './within.ts';

/** Options of the connection. */
export interface RedisOptions {
  /** `redis://` or, with TLS, `rediss://`. */
  url: string;
  /** Prefix of every key and channel. */
  prefix: string;
  log: Logger;
}

/** The client of the library. */
export type RedisClient = ReturnType<typeof clientOf>;

/** Milliseconds between health checks: a loss is noticed within two seconds, the timeout included. */
const EVERY_MS = 500;
/** Shortest interval between health checks, however much fails. Milliseconds. */
const SOONEST_MS = 50;
/** Timeout of a connection attempt or a health check. Milliseconds. */
const PATIENCE_MS = 1000;
/** Timeout of a command: Redis answers in under one; a caller is better off without a late answer. Milliseconds. */
const COMMAND_MS = 500;
/** Limit of commands that wait for their answers. */
const MOST_WAITING = 10_000;

const STORY = {
  name: 'redis',
  lost: 'Redis is away: Agora goes on without it',
  back: 'Redis is back',
};

/** A connection to Redis that reconnects by itself. */
export class RedisLink {
  readonly #o: RedisOptions;
  readonly #channels = new Map<string, (message: string) => void>();
  readonly #health: LinkHealth;
  readonly #ending = new AbortController();
  #client: RedisClient | undefined;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;

  constructor(options: RedisOptions) {
    this.#o = options;
    this.#health = new LinkHealth(STORY, options.log);
  }

  /** Health at the last check: the dependency `redis`. */
  get health(): DependencyHealth {
    return this.#health.now;
  }

  /** Whether commands are worth sending. */
  get isUp(): boolean {
    return this.health.status === 'UP' && this.#client !== undefined;
  }

  /** Connects, and reconnects until `close`. Resolves after the first attempt, successful or not. */
  async open(): Promise<void> {
    await this.#look();
    this.#running = this.#keepLooking();
  }

  /** Has the listener called when Redis is lost, and when it is back. */
  onChange(listener: () => void): void {
    this.#health.onChange(listener);
  }

  /** The name of a key or channel in Redis. */
  named(kind: string, name: string): string {
    return `${this.#o.prefix}:${kind}:${name}`;
  }

  /** Sends a command. @throws {Unavailable} at once while Redis is away; else the error of Redis, or a timeout */
  async send<Answer>(command: (client: RedisClient) => Promise<Answer>): Promise<Answer> {
    if (!this.isUp) throw new Unavailable('Redis is away.');
    try {
      return await within(COMMAND_MS, command(this.#client!));
    } catch (error) {
      this.#wake?.();
      throw error;
    }
  }

  /** Subscribes to a channel, over all later connections too. Undefined ends it. */
  hear(channel: string, listener: ((message: string) => void) | undefined): void {
    if (listener) this.#channels.set(channel, listener);
    else this.#channels.delete(channel);
    const client = this.#client;
    if (!client) return;
    const done = listener
      ? client.subscribe(channel, (message) => this.#tell(channel, message))
      : client.unsubscribe(channel);
    // A connection that cannot subscribe is dropped: the next one subscribes to all channels again.
    within(PATIENCE_MS, done).catch(() => this.#client === client && this.#drop());
  }

  /** Closes the connection. Later commands are refused. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#wake?.();
    await this.#running;
    this.#drop();
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(SOONEST_MS, signal);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, EVERY_MS);
        this.#wake = () => (clearTimeout(timer), resolve());
        if (signal.aborted || (this.health.status === 'UP' && !this.#client?.isReady)) this.#wake();
      });
      this.#wake = undefined;
      if (!signal.aborted) await this.#look();
    }
  }

  /** Checks the connection, and retries at once on a new one, since only the connection may have broken. */
  async #look(): Promise<void> {
    const isNew = this.#client === undefined;
    const begun = performance.now();
    try {
      await this.#touch().catch((error: unknown) => {
        this.#drop();
        if (isNew || performance.now() - begun > PATIENCE_MS / 2) throw error;
        return this.#touch();
      });
    } catch (error) {
      this.#drop();
      this.#health.failed(error);
    }
  }

  /** Probes by a write, because a server that takes none (a replica, a full one) is of no use here. */
  async #touch(): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    const begun = performance.now();
    const expiration = { type: 'EX', value: 60 } as const;
    await within(PATIENCE_MS, client.set(this.named('alive', 'probe'), '1', { expiration }));
    this.#health.answered(performance.now() - begun);
  }

  async #connect(): Promise<RedisClient> {
    const client = clientOf(this.#o.url);
    // Without a listener an error ends the process. Pending commands of the connection fail by themselves.
    client.on('error', () => this.#wake?.());
    try {
      await within(PATIENCE_MS, client.connect());
      for (const channel of this.#channels.keys())
        await within(
          PATIENCE_MS,
          client.subscribe(channel, (message) => this.#tell(channel, message)),
        );
      // No await since the last channel, so that no channel is added without a subscription.
      return (this.#client = client);
    } catch (error) {
      end(client);
      throw error;
    }
  }

  #tell(channel: string, message: string): void {
    this.#channels.get(channel)?.(message);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) end(client);
    this.#wake?.();
  }
}

const clientOf = (url: string) =>
  createClient({
    url,
    name: 'agora',
    // Answers and messages share the connection, so that its health is that of both.
    RESP: 3,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    socket: { reconnectStrategy: false, connectTimeout: PATIENCE_MS },
  });

/** Closes a client at once. Pending commands are rejected. */
function end(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}
