/**
 * One connection to Redis that is looked after: it is made again for as long as it takes, and whoever asks while it is
 * not there is told so at once and does without. The client's own reconnecting is off, as it would keep commands waiting
 * and say nothing of a server that hangs.
 */
import { createClient } from 'redis';
import type { DependencyHealth } from '../agent/health.ts';
import { Unavailable } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { within } from './within.ts';

/** How to reach Redis. */
export interface RedisOptions {
  /** `redis://` or, with TLS, `rediss://`. */
  url: string;
  /** Before every key and channel. */
  prefix: string;
  log: Logger;
}

/** The client, with what of it is used here. */
export type RedisClient = ReturnType<typeof clientOf>;

/** Milliseconds between looks: what is lost is noticed within two seconds, patience included. */
const EVERY_MS = 500;
/** Not sooner than this after the last look, however much fails. Milliseconds. */
const SOONEST_MS = 50;
/** For a connection, or a sign of life. Milliseconds. */
const PATIENCE_MS = 1000;
/** For a command. Redis answers in under one; later than this the caller is better off without. Milliseconds. */
const COMMAND_MS = 500;
/** The most commands that wait for their answers. */
const MOST_WAITING = 10_000;

/** The connection. */
export class RedisLink {
  readonly #o: RedisOptions;
  readonly #channels = new Map<string, (message: string) => void>();
  readonly #listeners: (() => void)[] = [];
  readonly #ending = new AbortController();
  #client: RedisClient | undefined;
  #health: DependencyHealth = UNKNOWN;
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;

  constructor(options: RedisOptions) {
    this.#o = options;
  }

  /** How it was when it was last looked at: the dependency `redis`. */
  get health(): DependencyHealth {
    return this.#health;
  }

  /** Whether commands are worth sending. */
  get isUp(): boolean {
    return this.#health.status === 'UP' && this.#client !== undefined;
  }

  /** Connects, and looks after the connection until `close`. Resolves after the first try, whatever came of it. */
  async open(): Promise<void> {
    await this.#look();
    this.#running = this.#keepLooking();
  }

  /** Told when Redis is lost, and when it is back. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The name of a key or channel in Redis. */
  named(kind: string, name: string): string {
    return `${this.#o.prefix}:${kind}:${name}`;
  }

  /** Sends a command. @throws {Unavailable} at once while Redis is away; else what Redis says, or that it took too long */
  async send<Answer>(command: (client: RedisClient) => Promise<Answer>): Promise<Answer> {
    if (!this.isUp) throw new Unavailable('Redis is away.');
    try {
      return await within(COMMAND_MS, command(this.#client!));
    } catch (error) {
      this.#wake?.();
      throw error;
    }
  }

  /** Hears a channel from now on, over all connections that come. Undefined ends it. */
  hear(channel: string, listener: ((message: string) => void) | undefined): void {
    if (listener) this.#channels.set(channel, listener);
    else this.#channels.delete(channel);
    const client = this.#client;
    if (!client) return;
    const done = listener
      ? client.subscribe(channel, (message) => this.#tell(channel, message))
      : client.unsubscribe(channel);
    // A connection that is deaf is worth nothing: the next one listens to all channels again.
    within(PATIENCE_MS, done).catch(() => this.#client === client && this.#drop());
  }

  /** Ends it. What is asked later is refused. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#wake?.();
    await this.#running;
    this.#drop();
    this.#health = UNKNOWN;
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(SOONEST_MS, signal);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, EVERY_MS);
        this.#wake = () => (clearTimeout(timer), resolve());
        if (signal.aborted || (this.#health.status === 'UP' && !this.#client?.isReady)) this.#wake();
      });
      this.#wake = undefined;
      if (!signal.aborted) await this.#look();
    }
  }

  /** A connection that broke may have been only that, a connection: then the next one is there at once. */
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
      const { message, code, name } = error as NodeJS.ErrnoException;
      const [lastError, lastCode] = [(message || String(code)).slice(0, 500), code ?? name];
      this.#became({ ...this.#health, status: 'DOWN', latencyMs: null, lastError, lastCode });
    }
  }

  /** A write, because a server that takes none (a replica, a full one) is of no use here. */
  async #touch(): Promise<void> {
    const client = this.#client ?? (await this.#connect());
    const begun = performance.now();
    const expiration = { type: 'EX', value: 60 } as const;
    await within(PATIENCE_MS, client.set(this.named('alive', 'probe'), '1', { expiration }));
    const latencyMs = Math.round((performance.now() - begun) * 10) / 10;
    this.#became({ ...this.#health, status: 'UP', latencyMs });
  }

  async #connect(): Promise<RedisClient> {
    const client = clientOf(this.#o.url);
    // Without a listener an error ends the process. What was asked on the connection fails by itself.
    client.on('error', () => this.#wake?.());
    try {
      await within(PATIENCE_MS, client.connect());
      for (const channel of this.#channels.keys())
        await within(
          PATIENCE_MS,
          client.subscribe(channel, (message) => this.#tell(channel, message)),
        );
      // With nothing awaited since the last channel, so that none is added unheard.
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

  #became(health: DependencyHealth): void {
    const before = this.#health.status;
    this.#health = health;
    if (before === health.status) return;
    const { lastCode, lastError } = health;
    if (health.status === 'DOWN') this.#o.log.warn({ lastCode, lastError }, 'Redis is away: Agora goes on without it');
    else if (before === 'DOWN') this.#o.log.info({}, 'Redis is back');
    for (const listener of this.#listeners) listener();
  }
}

const UNKNOWN: DependencyHealth = {
  name: 'redis',
  status: 'UNKNOWN',
  latencyMs: null,
  breaker: null,
  lastError: null,
  lastCode: null,
};

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

/** At once. What waits for an answer on it is refused. */
function end(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It has ended by itself.
  }
}
