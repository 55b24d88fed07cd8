import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '../migrator.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';

const inPlatform = (path: string): string => fileURLToPath(new URL(`../../platform/${path}`, import.meta.url));

/** Migrations of the tables for a room's idempotency keys. */
export const IDEMPOTENCY = ['idempotency', 'idempotency-of-clients'].map((name) => ({
  name: `0000-${name}`,
  sql: readFileSync(inPlatform(`data/${name}.sql`), 'utf8'),
}));

/** The migration of the table for a room's gapless numbers. */
export const NUMBERS = {
  name: '0000-number-series',
  sql: readFileSync(inPlatform('numbers/number-series.sql'), 'utf8'),
};

/** The migrations of these agents: the platform's tables, then each room's own. */
export function migrationSets(agents: readonly AgentDefinition[]): MigrationSet[] {
  const inbox = { name: '0000-webhook-inbox', sql: readFileSync(inPlatform('webhooks/inbox.sql'), 'utf8') };
  const rooms = agents.map((agent) => ({
    schema: agent.name,
    directory: fileURLToPath(new URL('migrations', agent.at)),
    extra: [...IDEMPOTENCY, ...(agent.webhooks ? [inbox] : []), ...(agent.numbers ? [NUMBERS] : [])],
    confined: agent.confined,
  }));
  return [{ schema: 'platform', directory: inPlatform('migrations') }, ...rooms];
}
