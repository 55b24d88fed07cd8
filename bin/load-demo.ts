/**
 * `npm run demo:load`: the demo data of all agents into the configured database, where it is missing. Refused in
 * production (`DEMO_DATA=on` says that it is a trial), and in a shop that was begun without it, but for `--force`.
 */
import { parseArgs } from 'node:util';
import { inTurn } from '../db/turn.ts';
import { createHost } from '../platform/agent/host.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config/config.ts';
import { createLogger } from '../platform/log.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { awaitDatabase } from '../db/connect/await-database.ts';
import { runCommand } from './process/command.ts';
import { connectDatabase } from '../db/connect/connect-database.ts';
import { directAddress } from '../db/connect/direct-address.ts';
import { Endings } from '../platform/endings.ts';
import { tokensFrom } from '../platform/identity/tokens.ts';
import { requireKeysOfProcesses } from '../platform/secrets/given-keys.ts';
import { tokenKey } from '../platform/secrets/token-key.ts';
import { beginWithDemo, requireTrial } from '../db/connect/installation.ts';
import { signerAndSecrets } from '../db/connect/known-keys.ts';

await runCommand('The demo data was not loaded', async (report) => {
  const { force } = parseArgs({ options: { force: { type: 'boolean' } } }).values;
  const agents = await loadAgents();
  const config = readConfig(process.env, agents);
  requireTrial(config);
  const log = createLogger(config.LOG_LEVEL);
  const endings = new Endings(log);
  const options = { config, log, endings, report };
  const names = agents.map(({ name }) => name);
  requireKeysOfProcesses(config, ['EVENT_KEYS', 'SECRET_KEYS', 'TOKEN_KEY']);
  const url = await awaitDatabase(agents, options);
  try {
    const connections = await connectDatabase(url, options, names);
    const keys = await signerAndSecrets(connections.kysely, config);
    await beginWithDemo(connections.kyselyFor('identity'), force);
    const host = await createHost({
      ...connections,
      config,
      log,
      clock: systemClock,
      agents,
      instance: 'demo',
      tokens: tokensFrom(tokenKey(config)),
      ...keys,
    });
    await inTurn(directAddress(url, config), report, () => host.loadDemo(report));
    report('the demo data is in');
  } finally {
    await endings.stop();
  }
});
