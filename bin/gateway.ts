/** `npm run gateway`: the gateway in a process of its own, over agents that come, go and change. */
import { readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { Endings } from './endings.ts';
import { startDistributedGateway } from './distributed-gateway.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const WHO = 'The gateway';

try {
  const config = readConfig(process.env);
  const log = createLogger(config.LOG_LEVEL);
  const endings = new Endings(log);
  let starting: Promise<string> | undefined = undefined;
  stopOnSignal(WHO, endings, () => starting);
  starting = startDistributedGateway({ config, log, endings });
  console.log(`${WHO} answers at ${await starting}/graphql`);
} catch (error) {
  console.error(`\n${WHO} did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
