/**
 * `npm run agent -- order inventory`: these agents in a process of their own. `--area commerce` for those of an area,
 * `--all` for all of them, `--except order` but for one.
 */
import type { AgentDefinition } from '../platform/agent/define-agent.ts';
import { readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { choiceIn, chosenAgents } from './process/chosen-agents.ts';
import { Endings } from '../platform/endings.ts';
import { serveAgents } from './serve-agents.ts';
import { stopOnSignal } from './process/stop-on-signal.ts';

const say = (line: string): void => console.log(`  ${line}`);

try {
  await start(chosenAgents(await loadAgents(), choiceIn(process.argv.slice(2))));
} catch (error) {
  console.error(`\nThe agents did not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function start(agents: readonly AgentDefinition[]): Promise<void> {
  const names = agents.map(({ name }) => name);
  const config = readConfig(process.env, agents);
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
    // Stopped on purpose: the signal's handler ends the process.
    if (endings.isStopping) return;
    await endings.stop();
    throw error;
  }
}
