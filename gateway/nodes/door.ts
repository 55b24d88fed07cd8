import { type DocumentNode, GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { createGate, type Gate } from '../../platform/gate/gate.ts';
import type { RuleOptions } from '../../platform/gate/rules.ts';
import { subgraphDecisions } from '../../platform/gate/subgraph-decisions.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';

/** The error of a caller that may see nothing of this type; undefined if it may. */
export type Door = (type: string, context: RequestContext) => Promise<GraphQLError | undefined>;

/**
 * Asks the gate about a type by the prefix of an id. The gate that the operation has passed cannot decide it: it does
 * not know the type of the id, and denies an object of the type only once one was met, which would tell that there is
 * one.
 */
export function doorOf(schema: () => GraphQLSchema, typeDefs: DocumentNode, rules: RuleOptions): Door {
  let gate: Gate | undefined;
  const documents = new Map<string, DocumentNode>();
  const documentOf = (type: string): DocumentNode => {
    let document = documents.get(type);
    if (!document) documents.set(type, (document = parse(`{ node(id: "") { ... on ${type} { id } } }`)));
    return document;
  };
  return async (type, { actor, correlationId }) => {
    gate ??= createGate(schema(), subgraphDecisions(typeDefs), rules);
    const verdict = await gate.check({ document: documentOf(type), actor, correlationId });
    if (verdict.kind === 'allowed') return undefined;
    const { errors = [] } = verdict.kind === 'refused' ? verdict.result : verdict.finish({ data: { node: null } });
    const [error] = errors;
    return new GraphQLError(error?.message ?? `${type} may not be asked for.`, {
      extensions: error?.extensions ?? { code: 'FORBIDDEN' },
    });
  };
}
