import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { foreignGraph } from '../gateway/graph/foreign-graph.ts';
import { NO_LIMITS } from '../gateway/limits/limits.ts';
import { createGateway } from '../gateway/server.ts';
import type { Config } from '../platform/config/config.ts';
import { ANONYMOUS } from '../platform/identity/actor.ts';
import type { Logger } from '../platform/log.ts';
import { createTransport } from '../platform/wire/transport.ts';
import type { Endings } from '../platform/endings.ts';
import { listen } from './process/listen.ts';

/** Options of a gateway for conformance tests. */
export interface ConformanceOptions {
  config: Pick<Config, 'HOST' | 'PORT'>;
  log: Logger;
  endings: Endings;
  /** The file of a supergraph. */
  supergraph: string;
}

/** Serves any supergraph, without our agents, identity and decisions, for outside test suites. Returns its address. */
export async function startConformanceGateway(options: ConformanceOptions): Promise<string> {
  const { config, log, endings, supergraph } = options;
  const transport = createTransport();
  await endings.add(async () => transport.close());
  const gateway = await createGateway({
    graph: foreignGraph(readFileSync(supergraph, 'utf8'), transport),
    authenticate: async () => ({ actor: ANONYMOUS }),
    log,
    limits: NO_LIMITS,
    isReady: () => ({ ready: true, details: {} }),
  });
  await listen(gateway.server, { port: config.PORT, host: config.HOST, variable: 'PORT', command: 'npm run gateway' });
  await endings.add(() => gateway.close());
  return `http://${config.HOST}:${(gateway.server.address() as AddressInfo).port}`;
}
