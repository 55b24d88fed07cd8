import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LibraryMigration, migrate, pendingMigrations } from '../migrator.ts';
import { createPool } from '../pool.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { prepareSagas } from '../../platform/sagas/worker.ts';
import { migrationSets } from './migration-sets.ts';

/**
 * Migrates a database to what these agents expect, the sagas' engine's own tables included. @throws Fault as `migrate`
 */
export const migrateDatabase = (
  url: string,
  agents: readonly AgentDefinition[],
  report: (line: string) => void,
): Promise<number> => migrate(url, migrationSets(agents), report, [sagaEngine(url)]);

/** The migrations that a database lacks. Changes nothing. @throws Fault as `migrate` */
export const pendingIn = (url: string, agents: readonly AgentDefinition[]): ReturnType<typeof pendingMigrations> =>
  pendingMigrations(url, migrationSets(agents), [sagaEngine(url)]);

/** DBOS has migrations of its own, which may build indexes: they have sessions without time limits. */
const sagaEngine = (url: string): LibraryMigration => ({
  schema: 'dbos',
  name: `dbos-sdk ${engineVersion()}`,
  async apply() {
    const limits = { statementTimeout: 0, transactionTimeout: 0 };
    const pool = createPool({ url, max: 4, name: 'agora migrator', int8: 'text', ...limits });
    try {
      await prepareSagas({ url, pool });
    } finally {
      await pool.end();
    }
  },
});

function engineVersion(): string {
  const file = new URL('../../package.json', import.meta.resolve('@dbos-inc/dbos-sdk'));
  return (JSON.parse(readFileSync(fileURLToPath(file), 'utf8')) as { version: string }).version;
}
