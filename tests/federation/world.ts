/** Every room with its demo data, at rest: nothing runs beside the queries. */
import { randomUUID } from 'node:crypto';
import { getNamedType, type GraphQLSchema, isObjectType } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { agentNames } from '../../subgraphs/index.ts';
import { admin, openAgents, type TestAgents } from '../support/agents.ts';

/** Opens this world. */
export async function openWorld(): Promise<TestAgents> {
  const agents = await openAgents(agentNames());
  await agents.host.loadDemo(() => {});
  return agents;
}

/** A context of one operation, as an ADMIN: nothing is denied. */
export const adminContext = (): RequestContext => ({ actor: admin, correlationId: randomUUID() });

/** Ids by type, as the lists at the root show them. */
export async function idsIn(
  schema: GraphQLSchema,
  ask: (query: string) => Promise<{ data?: Record<string, unknown> | null }>,
): Promise<Map<string, string[]>> {
  const ids = new Map<string, string[]>();
  for (const field of Object.values(schema.getQueryType()!.getFields())) {
    const type = getNamedType(field.type);
    if (!isObjectType(type) || field.args.some(({ type: given }) => String(given).endsWith('!'))) continue;
    const nodes = type.getFields().nodes;
    const entity = nodes ? getNamedType(nodes.type) : type;
    if (!isObjectType(entity) || !entity.getFields().id) continue;
    const { data } = await ask(`{ all: ${field.name} ${nodes ? '{ nodes { id } }' : '{ id }'} }`);
    const all = nodes ? (data?.all as { nodes?: unknown } | null)?.nodes : data?.all;
    const found = (Array.isArray(all) ? all : []).slice(0, 8) as { id: string }[];
    if (found.length > 0) ids.set(entity.name, [...(ids.get(entity.name) ?? []), ...found.map(({ id }) => id)]);
  }
  return ids;
}
