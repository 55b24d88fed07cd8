import type { Kysely } from 'kysely';
import { askableReplicas, DIRECTORY_POLL_MS, type Replica } from '../agent/replicas.ts';
import type { Logger } from '../log.ts';
import { sleep } from '../sleep.ts';
import { RemoteSubgraph } from './remote-subgraph.ts';
import type { RequestSigner } from './signed-request.ts';
import { createTransport } from './transport.ts';

/** What a directory is read with. */
export interface DirectoryOptions {
  kysely: Kysely<any>;
  /** Signs what is asked. */
  signer: RequestSigner;
  log: Pick<Logger, 'warn' | 'info'>;
  /** How long an answer may take, in milliseconds. @default 30000 */
  timeoutMs?: number;
}

/**
 * Whom this process can ask over the network: the replicas of all agents, looked up every second. While the database is
 * away those that were known last stay, since they may serve well.
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

  /** All replicas that are known, by agent. */
  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** The agent behind HTTP, wherever its replicas are by then. While it has none, what is asked is `UNAVAILABLE`. */
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

  /** Tells of every change: a replica that came or went, or that serves something else. */
  onChange(listener: (replicas: readonly Replica[]) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks now; those who ask at the same time look once. @throws what the database throws; what was known stays */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.#take(await askableReplicas(this.#o.kysely));
  }

  /** Looks every second, until aborted. Never rejects. */
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
