/**
 * `npm run db:migrate`: brings the database to what this release expects, also while an older one runs on it.
 * `--dry-run` says what it would apply.
 */
import { parseArgs } from 'node:util';
import { migrate, pendingMigrations } from '../db/migrator.ts';
import { createPool } from '../db/pool.ts';
import { readConfig } from '../platform/config/config.ts';
import { prepareSagas } from '../platform/sagas/worker.ts';
import { loadAgents } from '../subgraphs/index.ts';
import { ownersDatabase, runCommand } from './command.ts';
import { migrationSets } from './migration-sets.ts';

await runCommand('The migration failed', async (say) => {
  const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean' } } });
  const url = await ownersDatabase(readConfig(process.env));
  const sets = migrationSets(await loadAgents());
  if (values['dry-run']) {
    const pending = await pendingMigrations(url, sets);
    for (const { schema, name } of pending) say(`${schema}: ${name} is pending`);
    return say(pending.length ? `${pending.length} migrations are pending` : 'nothing is pending');
  }
  await migrate(url, sets, say);
  // The sagas' engine has migrations of its own, which may build indexes.
  const pool = createPool({
    url,
    max: 4,
    name: 'agora migrator',
    int8: 'text',
    statementTimeout: 0,
    transactionTimeout: 0,
  });
  try {
    await prepareSagas({ url, pool });
  } finally {
    await pool.end();
  }
  say('the tables of the sagas’ engine are ready');
});
