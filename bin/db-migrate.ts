/**
 * `npm run db:migrate`: brings the database to what this release expects, also while an older one runs on it.
 * `--dry-run` says what it would apply.
 */
import { parseArgs } from 'node:util';
import { ownersDatabase } from '../db/connect/owners-database.ts';
import { readConfig } from '../platform/config/config.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { runCommand } from './process/command.ts';
import { migrateDatabase, pendingIn } from '../db/connect/migrate-database.ts';

await runCommand('The migration failed', async (say) => {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean' } } });
  const url = await ownersDatabase(readConfig(process.env));
  const agents = await loadAgents();
  if (values['dry-run']) {
    const pending = await pendingIn(url, agents);
    for (const { schema, name } of pending) say(`${schema}: ${name} is pending`);
    return say(pending.length ? `${pending.length} migrations are pending` : 'nothing is pending');
  }
  await migrateDatabase(url, agents, say);
  say('the tables of the sagas’ engine are ready');
});
