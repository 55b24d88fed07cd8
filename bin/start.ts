/** `npm start`: the whole of Agora in one process. `--empty` without demo data, `--reset` from the beginning. */
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { Endings } from '../platform/endings.ts';
import { stopOnSignal } from './process/stop-on-signal.ts';
import { wantsEmpty } from './process/wants-empty.ts';

const USAGE = `npm start [-- options]

  --empty      without demo data: for a shop of your own (docs/your-own-shop.md)
  --reset      deletes the embedded database first
  --new-keys   goes on although the keys that the database was used with are lost
  --help       says this

Variables of the environment: .env.example`;
const NO_ADMINISTRATOR = [
  'Administrator          nobody yet. Make the first one, in another terminal here:',
  '                       npm run admin:new -- --email you@shop.example --name "Your Name"',
];
const started = performance.now();
const say = (line: string): void => console.log(`  ${line}`);

/** Options of the command line. */
interface Wishes {
  empty?: boolean;
  reset?: boolean;
  newKeys?: boolean;
}

try {
  const wishes = wishesOf(process.argv.slice(2));
  if (wishes) await start(readConfig(process.env, await loadAgents()), wishes);
  else console.log(USAGE);
} catch (error) {
  fail(error);
}

/** The options; undefined when only the usage is wanted. */
function wishesOf(args: string[]): Wishes | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        empty: { type: 'boolean' },
        reset: { type: 'boolean' },
        'new-keys': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return undefined;
    return {
      empty: wantsEmpty(values.empty, process.env.npm_config_empty),
      reset: values.reset,
      newKeys: values['new-keys'],
    };
  } catch (error) {
    throw new Error(`${(error as Error).message.split('. ')[0]}.\n\n${USAGE}`, { cause: error });
  }
}

async function start(config: Config, wishes: Wishes): Promise<void> {
  const log = createLogger(config.LOG_LEVEL);
  const endings = new Endings(log);
  let starting: Promise<Embedded> | undefined = undefined;
  stopOnSignal('Agora', endings, () => starting);
  console.log('Agora is starting.');
  starting = startEmbedded({ config, log, endings, ...wishes, report: say });
  try {
    const { url, withDemo, hasAdministrator } = await starting;
    console.log(`\nAgora is ready in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    say(`GraphQL and GraphiQL   ${url}/graphql`);
    say(`Health                 ${url}/health/ready`);
    if (withDemo) {
      say('Sign in as             customer@agora.test, password agora-demo (also admin@, operator@, merchant@, …)');
    }
    if (!hasAdministrator) NO_ADMINISTRATOR.forEach(say);
    say('Stop                   Ctrl-C\n');
  } catch (error) {
    // Stopped on purpose: the signal's handler ends the process.
    if (endings.isStopping) return;
    await endings.stop();
    throw error;
  }
}

function fail(error: unknown): never {
  console.error(`\nAgora did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
