import { type GraphQLSchema, isIntrospectionType, isObjectType } from 'graphql';
import type { Decision, DecisionTable } from '../../platform/gate/decision.ts';
import { isRoot } from '../../platform/gate/decisions.ts';

/** Makes everything public: for a foreign supergraph, about which none of our agents has decided. */
export function publicDecisions(schema: GraphQLSchema): DecisionTable {
  const table = new Map<string, Decision>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    const fields = Object.keys(type.getFields()).map((field) => `${type.name}.${field}`);
    for (const coordinate of isRoot(schema, type) ? fields : [type.name]) table.set(coordinate, { public: true });
  }
  return table;
}
