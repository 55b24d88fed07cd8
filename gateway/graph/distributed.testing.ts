/** For tests: agents behind real HTTP, which come, go and change, and a gateway that follows them. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type DocumentNode, parse } from 'graphql';
import { hashOf, type Replica } from '../../platform/agent/replicas.ts';
import { systemClock } from '../../platform/clock.ts';
import { LocalNonces } from '../../platform/cluster/nonces.ts';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { createSubgraph } from '../../platform/graphql/subgraph.ts';
import { newUuid } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { Breakers } from '../../platform/resilience/breakers.ts';
import { POLICIES } from '../../platform/resilience/policies.ts';
import { type KeyRing, newKey } from '../../platform/secrets/key-ring.ts';
import { RemoteSubgraph } from '../../platform/wire/remote-subgraph.ts';
import { serveSubgraphs } from '../../platform/wire/serve-subgraphs.ts';
import { requestSigner, requestVerifier } from '../../platform/wire/signed-request.ts';
import { createTransport } from '../../platform/wire/transport.ts';
import { composeSupergraph } from '../composition/compose.ts';
import type { Parts } from '../composition/fit.ts';
import { startGateway } from '../gateway.testing.ts';
import { GraphWatch } from './graph-watch.ts';
import { guardedEndpoint, isAway } from '../endpoints/guarded-endpoint.ts';
import type { GatewayOptions } from '../server.ts';

const ring: KeyRing = [newKey()];
const signer = requestSigner(ring, 'gateway', systemClock);

/** One process of one agent. */
export interface TestReplica extends Replica {
  /** Ends it as a crash does: what is under way breaks off. */
  kill(): void;
  /** Whether it breaks off every request from now on. */
  fail(isFailing: boolean): void;
  /** Whether its heartbeats stay away; it may be well. */
  isLate: boolean;
}

/** The directory of replicas, as the database would list them. */
export class TestDirectory {
  readonly listed: TestReplica[] = [];
  readonly #all: TestReplica[] = [];
  readonly #sdls = new Map<string, string>();
  isAway = false;

  /** Starts a process, and lists it. */
  async add(agent: string, sdl: string, resolvers: object): Promise<TestReplica> {
    const subgraph = createSubgraph(agent, part(sdl), resolvers);
    const process = newUuid();
    const { server } = serveSubgraphs({
      subgraphs: [subgraph],
      verifier: requestVerifier(ring, process, systemClock, new LocalNonces()),
      log: silentLogger,
      isReady: () => ({ ready: true, details: {} }),
    } as Parameters<typeof serveSubgraphs>[0]);
    let isFailing = false;
    server.prependListener('request', (_, response) => isFailing && response.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${agent}`;
    const sdlHash = hashOf(subgraph.sdl);
    this.#sdls.set(sdlHash, subgraph.sdl);
    const kill = (): void => {
      server.close();
      server.closeAllConnections();
    };
    const fail = (to: boolean): void => void (isFailing = to);
    const instance = `${agent}-${process.slice(-4)}`;
    const replica: TestReplica = { agent, process, instance, url, isLate: false, sdlHash, kill, fail };
    this.listed.push(replica);
    this.#all.push(replica);
    return replica;
  }

  /** Takes a replica off the list; it may go on. */
  remove(replica: TestReplica): void {
    this.listed.splice(this.listed.indexOf(replica), 1);
  }

  async replicas(): Promise<readonly Replica[]> {
    if (this.isAway) throw new Error('connect ECONNREFUSED 10.1.2.3:5432');
    return this.listed;
  }

  async sdlOf(hash: string): Promise<string | undefined> {
    return this.#sdls.get(hash);
  }

  close(): void {
    for (const replica of this.#all) replica.kill();
  }
}

const part = (sdl: string): DocumentNode => parse(LINKS + sdl, { noLocation: true });

/** A gateway over the published graph, that reads the directory when it is told to. */
export async function startDistributed(
  published: Record<string, string>,
  timeouts = { query: 4000, mutation: 4000 },
  openMs: number = POLICIES.fetch.breaker.openMs,
  options: Partial<GatewayOptions> = {},
) {
  const policy = { ...POLICIES.fetch, breaker: { ...POLICIES.fetch.breaker, openMs } };
  const directory = new TestDirectory();
  const breakers = new Breakers();
  const transport = createTransport();
  const definitions = Object.entries(published).map(([name, sdl]) => ({ name, typeDefs: part(sdl) }));
  const parts: Parts = Object.fromEntries(
    definitions.map(({ name, typeDefs }) => [name, createSubgraph(name, typeDefs, {}).sdl]),
  );
  const guardOf = (agent: string) => breakers.guard('gateway', `agent:${agent}`, { policy, isIllness: isAway });
  const logged: { level: string; fields: object }[] = [];
  const level = (name: string) => (fields: object) => void logged.push({ level: name, fields });
  const watch = new GraphWatch({
    published: { supergraphSdl: composeSupergraph(definitions).supergraphSdl, parts },
    directory,
    scalars: () => undefined,
    endpointOf: (name, replicas, look) =>
      guardedEndpoint(
        new RemoteSubgraph({ name, replicas, look, signer, transport, log: silentLogger }),
        guardOf(name),
        timeouts,
      ),
    onReplica: ({ agent }) => void breakers.reset('gateway', `agent:${agent}`),
    log: { info: level('info'), warn: level('warn'), error: level('error') } as never,
  });
  const it = await startGateway({ graph: watch.published(), subgraphs: undefined, ...options });
  return {
    ...it,
    directory,
    breakers,
    watch,
    logged,
    look: () => watch.look((graph) => it.gateway.swap(graph)),
    ask: async (query: string) => (await (await it.post(query)).json()) as Answer,
    async close() {
      await it.gateway.close();
      directory.close();
      transport.close();
    },
  };
}

/** An answer of the gateway. */
export interface Answer {
  data?: Record<string, any> | null;
  errors?: { message: string; path?: unknown; extensions: Record<string, unknown> }[];
}
