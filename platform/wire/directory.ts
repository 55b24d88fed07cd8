import type { Kysely } from 'kysely';
import { askableReplicas, DIRECTORY_POLL_MS, type Replica } from '../agent/replicas.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { RemoteSubgraph } from './remote-subgraph.ts';
import type { RequestSigner } from './signed-request.ts';
import { createTransport } from './transport.ts';

/** Options of the directory. */
export interface DirectoryOptions {
  kysely: Kysely<any>;
  /** Signs requests. */
  signer: RequestSigner;
  log: Pick<Logger, 'warn' | 'info'>;
  /** Timeout of a request, in milliseconds. @default 30000 */
  timeoutMs?: number;
}

/**
 * Service discovery for this process: the replicas of all agents, read every second. While the database is away the
 * last known ones stay, since they may serve well.
 */
export class Directory {
  readonly #o: DirectoryOptions;
  readonly #transport = createTransport();
  readonly #endpoints = new Map<string, RemoteSubgraph>();
  readonly #listeners: ((replicas: readonly Replica[]) => void)[] = [];
  #replicas: readonly Replica[] = [];
  #byAgent: ReadonlyMap<string, readonly Replica[]> = new Map();
  #looking: Promise<void> | undefined;

  constructor(options: DirectoryOptions) {
    this.#o = options;
  }

  /** All known replicas, by agent. */
  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** The agent behind HTTP, with its replicas at the time of each request. Without any, requests are `UNAVAILABLE`. */
  endpoint(name: string): RemoteSubgraph {
    let endpoint = this.#endpoints.get(name);
    if (!endpoint) {
      const { signer, log, timeoutMs } = this.#o;
      const replicas = (): readonly Replica[] => this.#byAgent.get(name) ?? [];
      const look = (): Promise<void> => this.look();
      endpoint = new RemoteSubgraph({ name, replicas, look, signer, transport: this.#transport, log, timeoutMs });
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }

  /** Has the listener called at every change: a replica came, went, or serves another SDL. */
  onChange(listener: (replicas: readonly Replica[]) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the directory now; concurrent calls share one read. @throws the database's error; known replicas stay */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.#take(await askableReplicas(this.#o.kysely));
  }

  /** Reads the directory every second until aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let isLost = false;
    while (!signal.aborted) {
      try {
        await this.look();
        if (isLost) this.#o.log.info('the directory of agents can be read again');
        isLost = false;
      } catch (error) {
        if (!isLost)
          this.#o.log.warn({ err: error }, 'the directory of agents cannot be read: those known last are asked');
        isLost = true;
      }
      await sleep(DIRECTORY_POLL_MS, signal);
    }
  }

  /** Closes the connections to all agents. */
  close(): void {
    this.#transport.close();
  }

  #take(replicas: readonly Replica[]): void {
    if (JSON.stringify(replicas) === JSON.stringify(this.#replicas)) return;
    this.#replicas = replicas;
    this.#byAgent = Map.groupBy(replicas, ({ agent }) => agent);
    for (const listen of this.#listeners) listen(replicas);
  }
}
