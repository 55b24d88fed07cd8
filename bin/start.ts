/** `npm start`: the whole of Agora in one process. `--empty` without demo data, `--reset` from the beginning. */
import { parseArgs } from 'node:util';
import { readConfig } from '../platform/config/config.ts';
import { startEmbedded } from './embedded.ts';

const started = performance.now();
const say = (line: string): void => console.log(`  ${line}`);

/** A second signal of the same Ctrl-C must not cut the first one's work short. */
const REPEAT_MS = 500;

try {
  const { values } = parseArgs({ options: { empty: { type: 'boolean' }, reset: { type: 'boolean' } } });
  const config = readConfig(process.env);
  console.log('Agora is starting.');
  const agora = await startEmbedded({ config, ...values, report: say });
  console.log(`\nAgora is ready in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
  say(`GraphQL and GraphiQL   ${agora.url}/graphql`);
  say(`Health                 ${agora.url}/health/ready`);
  if (!values.empty) say('Sign in as             customer@agora.test, password agora-demo (also admin@, operator@, merchant@, …)');
  say('Stop                   Ctrl-C\n');
  stopOnSignal(agora.stop);
} catch (error) {
  console.error(`\nAgora did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function stopOnSignal(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  const onSignal = async (): Promise<void> => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > REPEAT_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    console.log('Agora is stopping.');
    await stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void onSignal());
}
