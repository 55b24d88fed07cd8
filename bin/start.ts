/** `npm start`: the whole of Agora in one process. `--empty` without demo data, `--reset` from the beginning. */
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { startEmbedded } from './embedded.ts';
import { Endings } from './endings.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const started = performance.now();
const say = (line: string): void => console.log(`  ${line}`);

try {
  const { values } = parseArgs({ options: { empty: { type: 'boolean' }, reset: { type: 'boolean' } } });
  await start(readConfig(process.env), values);
} catch (error) {
  fail(error);
}

async function start(config: Config, options: { empty?: boolean; reset?: boolean }): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  const endings = new Endings(log);
  let starting: Promise<string> | undefined = undefined;
  stopOnSignal('Agora', endings, () => starting);
  console.log('Agora is starting.');
  starting = startEmbedded({ config, log, endings, ...options, report: say });
  try {
    const url = await starting;
    console.log(`\nAgora is ready in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    say(`GraphQL and GraphiQL   ${url}/graphql`);
    say(`Health                 ${url}/health/ready`);
    if (!options.empty) {
      say('Sign in as             customer@agora.test, password agora-demo (also admin@, operator@, merchant@, …)');
    }
    say('Stop                   Ctrl-C\n');
  } catch (error) {
    // Stopped on purpose: whoever stopped it ends the process.
    if (endings.isStopping) return;
    await endings.stop();
    throw error;
  }
}

function fail(error: unknown): never {
  console.error(`\nAgora did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
