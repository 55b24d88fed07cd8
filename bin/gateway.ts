/**
 * `npm run gateway`: the gateway in a process of its own, over agents that come, go and change. With
 * `-- --supergraph FILE --port N --conformance` it serves any supergraph, without our agents, identity and limits.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { startConformanceGateway } from './conformance-gateway.ts';
import { Endings } from '../platform/endings.ts';
import { startDistributedGateway } from './distributed-gateway.ts';
import { stopOnSignal } from './process/stop-on-signal.ts';

const WHO = 'The gateway';

try {
  const config = readConfig(process.env);
  const log = createLogger(config.LOG_LEVEL);
  const endings = new Endings(log);
  let starting: Promise<string> | undefined = undefined;
  stopOnSignal(WHO, endings, () => starting);
  const { supergraph, conformance, port } = parseArgs({
    options: { supergraph: { type: 'string' }, port: { type: 'string' }, conformance: { type: 'boolean' } },
  }).values;
  if (Boolean(supergraph) !== Boolean(conformance))
    throw new Error(
      'A supergraph of others is served without any guard: say both --supergraph FILE and --conformance.',
    );
  const shared = { config: port ? { ...config, PORT: Number(port) } : config, log, endings };
  starting = supergraph ? startConformanceGateway({ ...shared, supergraph }) : startDistributedGateway(shared);
  console.log(`${WHO} answers at ${await starting}/graphql`);
} catch (error) {
  console.error(`\n${WHO} did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
