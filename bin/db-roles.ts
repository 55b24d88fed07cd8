/**
 * `npm run db:roles -- --out FILE`: a PostgreSQL role for each agent and for gateways, with just the rights that each
 * needs. New passwords go to FILE, and nowhere else. `--prefix` names the roles, where several Agoras share a server.
 */
import { parseArgs } from 'node:util';
import { ownersDatabase } from '../db/connect/owners-database.ts';
import { applyRoles } from '../db/roles.ts';
import { inTurn } from '../db/turn.ts';
import { agentDatabases, readConfig } from '../platform/config/config.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { runCommand } from './process/command.ts';

await runCommand('The roles were not set', async (say) => {
  const { values } = parseArgs({ options: { out: { type: 'string' }, prefix: { type: 'string' } } });
  const config = readConfig(process.env);
  const definitions = await loadAgents();
  const agents = definitions.map(({ name }) => name);
  const url = await ownersDatabase(config);
  await inTurn(url, say, () =>
    applyRoles({
      url,
      adminUrl: config.DATABASE_ADMIN_URL,
      agents,
      confined: Object.fromEntries(definitions.map(({ name, confined }) => [name, confined])),
      given: agentDatabases(process.env, [...agents, 'gateway']),
      report: say,
      ...values,
    }),
  );
});
