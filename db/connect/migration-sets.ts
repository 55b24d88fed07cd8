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

/** Migration of the tables of a room's ledger. */
export const LEDGER = { name: '0000-ledger', sql: readFileSync(inPlatform('ledger/ledger.sql'), 'utf8') };

/** The migrations of these agents: the platform's tables, then each room's own. */
export function migrationSets(agents: readonly AgentDefinition[]): MigrationSet[] {
  const inbox = { name: '0000-webhook-inbox', sql: readFileSync(inPlatform('webhooks/inbox.sql'), 'utf8') };
  const extraOf = ({ webhooks, ledger }: AgentDefinition) => [
    ...IDEMPOTENCY,
    ...(webhooks ? [inbox] : []),
    ...(ledger ? [LEDGER] : []),
  ];
  const rooms = agents.map((agent) => ({
    schema: agent.name,
    directory: fileURLToPath(new URL('migrations', agent.at)),
    extra: extraOf(agent),
    confined: agent.confined,
  }));
  return [{ schema: 'platform', directory: inPlatform('migrations') }, ...rooms];
}
