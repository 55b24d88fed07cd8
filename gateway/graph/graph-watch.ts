/**
 * Keeps the gateway's graph in step with its agents: polls the directory of replicas, composes changed parts, and swaps
 * in a graph that holds. A failure here takes nothing from the graph that serves: while the directory is away the last
 * known replicas are asked, and a part that does not fit is refused with its reason.
 */
import { parse } from 'graphql';
import { DIRECTORY_POLL_MS, hashOf, type Replica } from '../../platform/agent/replicas.ts';
import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import type { Logger } from '../../platform/log.ts';
import { sleep } from '../../platform/sleep.ts';
import type { ScalarSource } from './adopt-scalars.ts';
import { commonSdl } from '../composition/common-sdl.ts';
import { CompositionRecord, type CompositionState } from '../composition/composition-record.ts';
import type { Fit, Parts } from '../composition/fit.ts';
import { fitInWorker } from '../composition/fit-in-worker.ts';
import type { Graph } from './graph.ts';
import { nodeKinds } from '../nodes/node-kinds.ts';

/** The directory of replicas, with the SDL that each serves. */
export interface Directory {
  /** All replicas that can be asked now, of each agent the oldest first. @throws Error while the directory is away */
  replicas(): Promise<readonly Replica[]>;
  /** An SDL by its hash; undefined if no replica has it any more. */
  sdlOf(hash: string): Promise<string | undefined>;
}

/** Options of a watch. */
export interface GraphWatchOptions {
  /** The graph that serves until replicas appear: as it was published, with the parts that it was composed from. */
  published: { supergraphSdl: string; parts: Parts };
  directory: Directory;
  scalars: ScalarSource;
  /**
   * Asks these replicas of an agent. The list is read anew for every request; `look` polls now, for a request that
   * finds none.
   */
  endpointOf(agent: string, replicas: () => readonly Replica[], look: () => Promise<void>): SubgraphEndpoint;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Called for a process that was not there before. */
  onReplica?(replica: Replica): void;
  /** @default in a worker thread */
  compose?: (served: Parts, wanted: Parts, signal?: AbortSignal) => Promise<Fit>;
}

/** The part of one agent in the graph: its SDL, and which versions of the agent can be asked that. */
interface ServedPart {
  sdl: string;
  /** Hashes of the SDLs that replicas serve. */
  readonly hashes: Set<string>;
}

/** State of one agent in the graph, for operators. */
export interface SubgraphState {
  name: string;
  /** Live replicas, each with the hash of the SDL that it serves. */
  replicas: { instance: string; sdlHash: string }[];
  /** Hash of the part that is in the graph; null if none is. */
  servedHash: string | null;
}

/** Delay after which a composition that could not be run is retried, in milliseconds. */
const RETRY_MS = 10_000;

/** Keeps a graph in step with its agents. */
export class GraphWatch {
  readonly #o: GraphWatchOptions;
  readonly #sdls = new Map<string, string>();
  readonly #record: CompositionRecord;
  #served: ReadonlyMap<string, ServedPart>;
  #replicas: ReadonlyMap<string, readonly Replica[]> = new Map();
  #tried: { key: string; until: number } | undefined;
  #directory: { status: 'UP' | 'DOWN' | 'UNKNOWN'; since: Date } = { status: 'UNKNOWN', since: new Date() };
  #isSettled = false;

  constructor(options: GraphWatchOptions) {
    this.#o = options;
    this.#record = new CompositionRecord(options.log);
    const parts = Object.entries(options.published.parts);
    this.#served = new Map(parts.map(([name, sdl]) => [name, { sdl, hashes: new Set([hashOf(sdl)]) }]));
  }

  /** The graph to begin with. */
  published(): Graph {
    return this.#graph(this.#o.published.supergraphSdl, this.#served);
  }

  /** Whether the directory was read, and its replicas' parts composed, at least once. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** State for operators. */
  get state(): { directory: object; composition: CompositionState; subgraphs: SubgraphState[] } {
    const names = [...new Set([...this.#served.keys(), ...this.#replicas.keys()])].sort();
    const live = this.#live();
    const subgraphs = names.map((name) => ({
      name,
      replicas: live.filter(({ agent }) => agent === name).map(({ instance, sdlHash }) => ({ instance, sdlHash })),
      servedHash: this.#served.has(name) ? hashOf(this.#served.get(name)!.sdl) : null,
    }));
    return { directory: this.#directory, composition: this.#record.state, subgraphs };
  }

  /** Polls until the signal aborts. @param swap lets a graph serve */
  async run(swap: (graph: Graph) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(swap, signal);
      await sleep(DIRECTORY_POLL_MS, signal);
    }
  }

  /** Polls once. Throws nothing. */
  async look(swap: (graph: Graph) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const found = await this.#read();
    if (!found) return;
    try {
      await this.#follow(swap, signal);
      this.#isSettled = true;
    } catch (error) {
      if (!signal?.aborted) this.#record.failed(error);
    }
  }

  async #read(): Promise<boolean> {
    try {
      const replicas = Map.groupBy(await this.#o.directory.replicas(), ({ agent }) => agent);
      const known = new Set(this.#live().map(keyOf));
      this.#replicas = replicas;
      for (const replica of this.#live()) if (!known.has(keyOf(replica))) this.#o.onReplica?.(replica);
      this.#directoryIs('UP');
      return true;
    } catch (error) {
      this.#directoryIs('DOWN', error);
      return false;
    }
  }

  #directoryIs(status: 'UP' | 'DOWN', error?: unknown): void {
    if (this.#directory.status === status) return;
    if (status === 'DOWN')
      this.#o.log.warn({ err: error }, 'the directory of agents cannot be read: the last known stays');
    this.#directory = { status, since: new Date() };
  }

  async #follow(swap: (graph: Graph) => Promise<void>, signal?: AbortSignal): Promise<void> {
    const wanted = await this.#wanted();
    const key = JSON.stringify([...wanted].map(([name, { hashes }]) => [name, [...hashes].sort()]));
    if (this.#tried?.key === key && performance.now() < this.#tried.until) return;
    this.#tried = { key, until: performance.now() + RETRY_MS };
    const changed = [...wanted].filter(([name, { sdl }]) => this.#served.get(name)?.sdl !== sdl);
    if (changed.length === 0) {
      // Another version that serves the same, or more, can be asked, too.
      for (const [name, { hashes }] of wanted) for (const hash of hashes) this.#served.get(name)!.hashes.add(hash);
      this.#record.settled([]);
    } else {
      await this.#compose(wanted, swap, signal);
    }
    this.#tried = { key, until: Number.POSITIVE_INFINITY };
  }

  async #compose(
    wanted: ReadonlyMap<string, ServedPart>,
    swap: (graph: Graph) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const compose = this.#o.compose ?? fitInWorker;
    const { supergraphSdl, parts, refused } = await compose(sdlsOf(this.#served), sdlsOf(wanted), signal);
    if (supergraphSdl !== undefined) {
      const next = new Map<string, ServedPart>();
      for (const [name, sdl] of Object.entries(parts)) {
        const part = wanted.get(name);
        next.set(name, part?.sdl === sdl ? part : this.#served.get(name)!);
      }
      await swap(this.#graph(supergraphSdl, next));
      this.#served = next;
      this.#o.log.info({ agents: [...next.keys()] }, 'a new graph serves');
    }
    this.#record.settled(refused);
  }

  /** The common part of each agent's versions, by name; of agents that are away, the part that they served. */
  async #wanted(): Promise<ReadonlyMap<string, ServedPart>> {
    const wanted = new Map(this.#served);
    for (const [agent, replicas] of Map.groupBy(this.#live(), ({ agent }) => agent)) {
      const hashes = new Set(replicas.map(({ sdlHash }) => sdlHash).reverse());
      const sdls = (await Promise.all([...hashes].map((hash) => this.#sdlOf(hash)))).filter((sdl) => sdl !== undefined);
      if (sdls.length > 0) wanted.set(agent, { sdl: commonOf(sdls), hashes });
    }
    const told = new Set([...this.#replicas.values()].flat().map(({ sdlHash }) => sdlHash));
    for (const hash of this.#sdls.keys()) if (!told.has(hash)) this.#sdls.delete(hash);
    return new Map([...wanted].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async #sdlOf(hash: string): Promise<string | undefined> {
    const sdl = this.#sdls.get(hash) ?? (await this.#o.directory.sdlOf(hash));
    if (sdl !== undefined) this.#sdls.set(hash, sdl);
    return sdl;
  }

  #graph(supergraphSdl: string, parts: ReadonlyMap<string, ServedPart>): Graph {
    // A replica that has just come is found at once, and not only at the next poll.
    const look = async (): Promise<void> => void (await this.#read());
    const endpoints = [...parts].map(([name, part]) => this.#o.endpointOf(name, () => this.#askable(name, part), look));
    const nodes = nodeKinds(
      [...parts].map(([name, { sdl }]) => ({ name, typeDefs: parse(sdl, { noLocation: true }) })),
    );
    return { supergraphSdl, endpoints, scalars: this.#o.scalars, nodes };
  }

  /** Replicas with a timely heartbeat. A late one may be asked, but has no say in what the graph should be. */
  #live(): Replica[] {
    return [...this.#replicas.values()].flat().filter(({ isLate }) => !isLate);
  }

  /** Replicas that serve what this graph asks of them; without any, all others, which may still have most of it. */
  #askable(name: string, { hashes }: ServedPart): readonly Replica[] {
    const live = this.#replicas.get(name) ?? [];
    const fitting = live.filter(({ sdlHash }) => hashes.has(sdlHash));
    return fitting.length > 0 ? fitting : live;
  }
}

const keyOf = ({ agent, process }: Replica): string => `${agent} ${process}`;

const sdlsOf = (parts: ReadonlyMap<string, ServedPart>): Parts =>
  Object.fromEntries([...parts].map(([name, { sdl }]) => [name, sdl]));

/** An SDL that cannot even be parsed is refused like one that does not fit. */
function commonOf(versions: readonly string[]): string {
  try {
    return commonSdl(versions);
  } catch {
    return versions[0]!;
  }
}
