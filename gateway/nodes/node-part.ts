/**
 * The subgraph of `Query.node`, derived from the others whenever they are composed. It knows no more of an entity than
 * its id, so that the planner asks the entity's own agents for all else, and only a query that names `node` ever comes
 * here.
 */
import { type DocumentNode, Kind, parse, print } from 'graphql';
import { typeDefsOf } from '../../platform/graphql/type-defs.ts';
import { type NodeKind, nodeKinds } from './node-kinds.ts';

/** The subgraph's name in the supergraph. No agent may have it. */
export const NODE_PART = 'node';
/** Most ids that one field takes. */
export const MAX_IDS = 100;

const ROOT = `
"An object with an id, of any type. The prefix of the id names the type: \`order_…\`, \`product_…\`."
interface Node {
  "The same in every field of the graph, in the events and in the log."
  id: ID!
}

type Query {
  "The object with this id. Null if there is none, or if the caller may not see it."
  node(
    "The id, such as an \`order_…\`."
    id: ID!
  ): Node @public
  "The objects with these ids, in their order; null for one that is not there, or that the caller may not see."
  nodes(
    "At most ${MAX_IDS}."
    ids: [ID!]!
  ): [Node] @public @listSize(assumedSize: ${MAX_IDS})
}
`;

/** The SDL of the derived subgraph. */
export function nodeTypeDefs(kinds: readonly NodeKind[]): DocumentNode {
  const types = kinds.map(({ type, decisions }) => {
    const who = decisions.map((decision) => print(decision)).join(' ');
    // Not resolvable: no plan comes here for an entity whose id it has already.
    return `type ${type} implements Node @key(fields: "id", resolvable: false) ${who} { id: ID! }`;
  });
  const { definitions } = typeDefsOf('');
  // The links and the directives of every subgraph, without the shared types: none of them is used here.
  const head = definitions.filter(({ kind }) => kind === Kind.SCHEMA_EXTENSION || kind === Kind.DIRECTIVE_DEFINITION);
  const own = parse([ROOT, ...types].join('\n'), { noLocation: true });
  return { kind: Kind.DOCUMENT, definitions: [...head, ...own.definitions] };
}

/** These parts, and the derived one if there is any kind of node. @throws Error as `nodeKinds` */
export function withNodePart<T extends { name: string; typeDefs: DocumentNode }>(
  parts: readonly T[],
): (T | { name: string; typeDefs: DocumentNode })[] {
  const kinds = nodeKinds(parts);
  if (kinds.length === 0) return [...parts];
  if (parts.some(({ name }) => name === NODE_PART)) throw new Error(`No subgraph may be called ${NODE_PART}.`);
  return [...parts, { name: NODE_PART, typeDefs: nodeTypeDefs(kinds) }];
}
