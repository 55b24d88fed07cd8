import DataLoader from 'dataloader';
import { GraphQLError } from 'graphql';
import type { RuleOptions } from '../../platform/gate/rules.ts';
import { checkSize } from '../../platform/graphql/arguments.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { perRequest } from '../../platform/graphql/per-request.ts';
import { createSubgraph, type Subgraph, type SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { prefixOf } from '../../platform/ids.ts';
import { type Door, doorOf } from './door.ts';
import type { NodeKind } from './node-kinds.ts';
import { MAX_IDS, NODE_PART, nodeTypeDefs } from './node-part.ts';

/** A node as this subgraph knows it. */
interface Reference {
  __typename: string;
  id: string;
}

type Found = Reference | null | Error;

/** Asks the owner whether the entity exists for this caller: its own row filter decides, as for every reference. */
const IS_THERE = 'query Node($references: [_Any!]!) { _entities(representations: $references) { __typename } }';

/**
 * Answers `Query.node` from these agents. First whether the caller may see the type at all, which says nothing of
 * whether the entity exists; then the agent, by the type's reference, so that a caller gets no answer about another's.
 */
export function nodeSubgraph(
  kinds: readonly NodeKind[],
  endpoints: readonly SubgraphEndpoint[],
  rules: RuleOptions,
): Subgraph {
  const typeDefs = nodeTypeDefs(kinds);
  const byPrefix = new Map(kinds.map((kind) => [kind.prefix, kind]));
  const byName = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
  const door = doorOf(() => subgraph.schema, typeDefs, rules);
  const find = perRequest(
    (context) =>
      new DataLoader<string, Reference | null>((ids) => {
        const groups = Map.groupBy(ids, (id) => byPrefix.get(prefixOf(id) ?? ''));
        const asked = [...groups].map(async ([kind, own]) => {
          const endpoint = kind && byName.get(kind.agent);
          const answers = endpoint ? await askedOf(endpoint, kind, own, context, door) : [];
          return own.map((id, index) => [id, answers[index] ?? null] as const);
        });
        return Promise.all(asked).then((all) => {
          const found = new Map<string, Found>(all.flat());
          return ids.map((id) => found.get(id) ?? null);
        });
      }),
  );
  const resolvers = {
    Query: {
      node: (_: unknown, { id }: { id: string }, context: RequestContext) => find(context).load(id),
      nodes(_: unknown, { ids }: { ids: readonly string[] }, context: RequestContext) {
        checkSize(ids, MAX_IDS, 'ids');
        return find(context).loadMany(ids);
      },
    },
  };
  const subgraph = createSubgraph(NODE_PART, typeDefs, resolvers);
  return subgraph;
}

async function askedOf(
  endpoint: SubgraphEndpoint,
  { type }: NodeKind,
  ids: readonly string[],
  context: RequestContext,
  door: Door,
): Promise<Found[]> {
  try {
    const denial = await door(type, context);
    if (denial) return ids.map(() => denial);
    const references = ids.map((id): Reference => ({ __typename: type, id }));
    const { data, errors = [] } = await endpoint.execute({ query: IS_THERE, variables: { references } }, context);
    const entities = data?._entities as readonly unknown[] | null | undefined;
    return references.map((reference, index) => {
      const error = errors.find(({ path }) => !path || path[1] === undefined || path[1] === index);
      if (error) return unplaced(error);
      return entities?.[index] ? reference : null;
    });
  } catch (error) {
    const fault = error instanceof Error ? error : new Error(String(error));
    return ids.map(() => fault);
  }
}

/** The error without its place in our own query: its place is the field that the client asked for. */
const unplaced = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, { extensions: error.extensions, originalError: error.originalError });
