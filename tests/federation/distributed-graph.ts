/** The same agents behind real HTTP, as the gateway calls them when they run in other processes. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Graph, graphOf } from '../../gateway/graph/graph.ts';
import { systemClock } from '../../platform/clock.ts';
import { LocalNonces } from '../../platform/cluster/nonces.ts';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import { newUuid } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { type KeyRing, newKey } from '../../platform/secrets/key-ring.ts';
import { RemoteSubgraph } from '../../platform/wire/remote-subgraph.ts';
import { serveSubgraphs } from '../../platform/wire/serve-subgraphs.ts';
import { requestSigner, requestVerifier } from '../../platform/wire/signed-request.ts';
import { createTransport } from '../../platform/wire/transport.ts';

/** Serves these agents, and makes a graph that calls them there. */
export async function overHttp(subgraphs: readonly Subgraph[]): Promise<{ graph: Graph; close(): Promise<void> }> {
  const ring: KeyRing = [newKey()];
  const process = newUuid();
  const verifier = requestVerifier(ring, process, systemClock, new LocalNonces());
  const isReady = () => ({ ready: true, details: {} });
  const served = serveSubgraphs({ subgraphs, verifier, log: silentLogger, isReady });
  served.server.listen(0, '127.0.0.1');
  await once(served.server, 'listening');
  const base = `http://127.0.0.1:${(served.server.address() as AddressInfo).port}`;
  const transport = createTransport();
  const signer = requestSigner(ring, 'gateway', systemClock);
  const endpoints = subgraphs.map(({ name }) => {
    const replica = { agent: name, process, instance: name, url: `${base}/${name}`, sdlHash: '', isLate: false };
    return new RemoteSubgraph({ name, replicas: () => [replica], signer, transport, log: silentLogger });
  });
  return {
    graph: { ...graphOf(subgraphs), endpoints },
    async close() {
      transport.close();
      await served.close();
    },
  };
}
