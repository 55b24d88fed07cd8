import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '../migrator.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';

const inPlatform = (path: string): string => fileURLToPath(new URL(`../../platform/${path}`, import.meta.url));

/** A migration of tables that the platform brings to a room. */
const brought = (name: string, file: string) => ({ name: `0000-${name}`, sql: readFileSync(inPlatform(file), 'utf8') });

/** Migrations of the tables for a room's idempotency keys. */
export const IDEMPOTENCY = ['idempotency', 'idempotency-of-clients'].map((name) => brought(name, `data/${name}.sql`));

/** Migrations of tables that a room has if its definition says so, by the property of the definition. */
export const DECLARED = {
  webhooks: brought('webhook-inbox', 'webhooks/inbox.sql'),
  decisions: brought('decisions', 'decisions/decisions.sql'),
  approvals: brought('approvals', 'approvals/approvals.sql'),
  ledger: brought('ledger', 'ledger/ledger.sql'),
  numbers: brought('number-series', 'numbers/number-series.sql'),
  files: ['files', 'files-of-owners'].map((name) => brought(name, `files/${name}.sql`)),
  jobs: ['jobs', 'job-tries'].map((name) => brought(name, `jobs/${name}.sql`)),
  outbound: brought('outbound', 'outbound/outbound.sql'),
};

const declaredBy = (agent: AgentDefinition) =>
  (Object.keys(DECLARED) as (keyof typeof DECLARED)[]).flatMap((what) => (agent[what] ? DECLARED[what] : []));

/** The migrations of these agents: the platform's tables, then each room's own. */
export function migrationSets(agents: readonly AgentDefinition[]): MigrationSet[] {
  const rooms = agents.map((agent) => ({
    schema: agent.name,
    directory: fileURLToPath(new URL('migrations', agent.at)),
    extra: [...IDEMPOTENCY, ...declaredBy(agent)],
    confined: agent.confined,
  }));
  return [{ schema: 'platform', directory: inPlatform('migrations') }, ...rooms];
}
