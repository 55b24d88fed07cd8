/**
 * Processes of the earlier release write while a migration is applied: an index on a table that is there already is built
 * `concurrently`, since any other holds up all writes of the table until it is built (docs/operations/database.md).
 */
import { expect, test } from '@jest/globals';
import { migrationSets } from '../../db/connect/migration-sets.ts';
import { migrationsOf } from '../../db/migrator/files.ts';
import { loadAgents } from '../../subgraphs/index.ts';

/** Indexes that were built with their table locked, with the reason why nobody waited long. */
const LOOKED_AT: Readonly<Record<string, string>> = {
  'identity 0002-sign-in.sql: session_from_address': 'The same file writes every session, and came before any release.',
  'identity 0033-api-key-rotation.sql: api_key_with_sealed_secret': 'API keys are few.',
  'orchestration 0006-untaken-actions.sql: saga_action_untaken': 'Actions of operators are few.',
};

const CREATED = /create table (?:if not exists )?(\w+)/g;
const LOCKING = /create (?:unique )?index (?!concurrently\b)(?:if not exists )?(\w+)\s+on (?:only )?(\w+)/g;

/** The indexes of a migration on tables that it has not made itself. */
function locking(sql: string): string[] {
  const made = new Set([...sql.matchAll(CREATED)].map(([, table]) => table));
  return [...sql.matchAll(LOCKING)].flatMap(([, index, table]) => (made.has(table) ? [] : [index!]));
}

test('an index on a table that is there already is built without locking it, or was looked at', async () => {
  const migrations = migrationSets(await loadAgents()).flatMap(migrationsOf);
  const found = migrations.flatMap(({ schema, name, sql }) => locking(sql).map((it) => `${schema} ${name}: ${it}`));
  expect(found.sort()).toEqual(Object.keys(LOOKED_AT).sort());
});
