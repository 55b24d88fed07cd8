/**
 * A connection to PostgreSQL by which processes notify one another: LISTEN and NOTIFY. It reconnects without end.
 * NOTIFY is a statement of its own and never part of a command's transaction, where it would make commits queue for one
 * lock of the whole cluster.
 */
import pg from 'pg';
import type { DependencyHealth } from '../agent/health.ts';
import { Fault } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import type { Carrier } from './linked-relay.ts';
import { LinkHealth } from './link-health.ts';

/** Options of the connection. */
export interface NotifyOptions {
  /** URL of the server itself: LISTEN does not work through a transaction pooler. */
  url: string;
  log: Logger;
}

const CHANNEL = 'agora_rings';
/** Milliseconds between health checks. A connection that breaks is noticed at once. */
const EVERY_MS = 2000;
/** Milliseconds between attempts to connect. */
const AGAIN_MS = 500;
/** Timeout of a connection attempt or a statement, in milliseconds. */
const PATIENCE_MS = 1000;

const STORY = {
  name: 'notify',
  lost: 'PostgreSQL does not notify: other processes are woken without it, or poll',
  back: 'PostgreSQL notifies again',
};

/** A connection that listens and notifies, and reconnects by itself. */
export class NotifyLink implements Carrier {
  readonly #url: string;
  readonly #health: LinkHealth;
  readonly #listeners: ((message: string) => void)[] = [];
  readonly #ending = new AbortController();
  #client: pg.Client | undefined;
  #running: Promise<void> = Promise.resolve();
  #lost = new AbortController();

  constructor({ url, log }: NotifyOptions) {
    this.#url = url;
    this.#health = new LinkHealth(STORY, log);
  }

  /** Health at the last check: the dependency `notify`. */
  get health(): DependencyHealth {
    return this.#health.now;
  }

  get isUp(): boolean {
    return this.health.status === 'UP' && this.#client !== undefined;
  }

  onChange(listener: () => void): void {
    this.#health.onChange(listener);
  }

  hear(listener: (message: string) => void): void {
    this.#listeners.push(listener);
  }

  async send(message: string): Promise<boolean> {
    const client = this.#client;
    if (!client) return false;
    return client.query('select pg_notify($1, $2)', [CHANNEL, message]).then(
      () => true,
      () => (this.#lost.abort(), false),
    );
  }

  /** Connects, and reconnects until `close`. Resolves after the first attempt, successful or not. */
  async open(): Promise<void> {
    await this.#look();
    this.#running = this.#keepLooking();
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    this.#drop();
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      if (this.#client) await sleep(EVERY_MS, AbortSignal.any([signal, this.#lost.signal]));
      else await sleep(AGAIN_MS, signal);
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    try {
      // A broken connection is not used again.
      if (this.#lost.signal.aborted) this.#drop();
      this.#client ??= await this.#connect();
      const begun = performance.now();
      await this.#client.query('select 1');
      this.#health.answered(performance.now() - begun);
    } catch (error) {
      this.#drop();
      this.#health.failed(error);
    }
  }

  async #connect(): Promise<pg.Client> {
    const lost = (this.#lost = new AbortController());
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'agora notify',
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
      keepAlive: true,
    });
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    client.on('notification', ({ payload }) => {
      for (const listener of this.#listeners) listener(payload ?? '');
    });
    try {
      await client.connect();
      await refusePooler(client);
      await client.query(`listen ${CHANNEL}`);
      return client;
    } catch (error) {
      end(client);
      throw error;
    }
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) end(client);
  }
}

/** Refuses a pooler, known by its own process id: a LISTEN through it would silently receive nothing. */
async function refusePooler(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  if ((client as pg.Client & { processID: number }).processID === rows[0]!.pid) return;
  throw new Fault(
    'POOLED',
    'a connection pooler cannot be listened through: give the address of PostgreSQL itself as DATABASE_DIRECT_URL',
  );
}

function end(client: pg.Client): void {
  client.end().catch(() => {});
}
