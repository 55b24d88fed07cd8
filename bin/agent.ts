/** `npm run agent -- order inventory`: these agents in a process of their own. `--all` for all of them. */
import { parseArgs } from 'node:util';
import { readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { Endings } from './endings.ts';
import { serveAgents } from './serve-agents.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const say = (line: string): void => console.log(`  ${line}`);

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { all: { type: 'boolean' } } });
  await start(values.all ? (await loadAgents()).map(({ name }) => name) : positionals);
} catch (error) {
  console.error(`\nThe agents did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function start(names: string[]): Promise<void> {
  const config = readConfig(process.env);
  const log = createLogger(config.LOG_LEVEL);
  const endings = new Endings(log);
  let starting: Promise<string> | undefined = undefined;
  const who = `Agora (${names.join(', ')})`;
  stopOnSignal(who, endings, () => starting);
  console.log(`${who} is starting.`);
  starting = serveAgents({ config, log, endings, names, report: say });
  try {
    console.log(`${who} is ready at ${await starting}`);
  } catch (error) {
    // Stopped on purpose: whoever stopped it ends the process.
    if (endings.isStopping) return;
    await endings.stop();
    throw error;
  }
}
