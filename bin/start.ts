/** `npm start`: the whole of Agora in one process. `--empty` without demo data, `--reset` from the beginning. */
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { startEmbedded } from './embedded.ts';
import { Endings } from './endings.ts';

const started = performance.now();
const say = (line: string): void => console.log(`  ${line}`);

/** A second signal of the same Ctrl-C must not cut the first one's work short. */
const REPEAT_MS = 500;
/** How long a start that was cut short may take to notice. */
const NOTICE_MS = 2000;

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
  stopOnSignal(endings, () => starting);
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

function stopOnSignal(endings: Endings, starting: () => Promise<unknown> | undefined): void {
  let stoppingSince: number | undefined;
  const onSignal = async (): Promise<void> => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > REPEAT_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    console.log('Agora is stopping.');
    await endings.stop();
    // Of a start that was under way, what it still begins is ended as it begins.
    await Promise.race([starting()?.catch(() => {}), new Promise((resolve) => setTimeout(resolve, NOTICE_MS))]);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void onSignal());
}

function fail(error: unknown): never {
  console.error(`\nAgora did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
