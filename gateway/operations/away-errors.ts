import { type FieldNode, getOperationAST, GraphQLError, Kind, parse, type SelectionSetNode } from 'graphql';
import type { SubgraphRequest } from '../../platform/graphql/subgraph.ts';

/** Most errors for one fetch: more would say nothing new. */
const MAX_ERRORS = 20;

/** An entity that an agent is asked to resolve. */
interface Representation {
  __typename?: string;
}

/**
 * The errors of a fetch that failed as a whole: one for each missing field, with its path in the fetch, from which
 * @apollo/gateway makes the path in the answer.
 */
export function awayErrors(request: SubgraphRequest, originalError: Error): GraphQLError[] {
  const paths = missedPaths(request).slice(0, MAX_ERRORS);
  return (paths.length > 0 ? paths : [undefined]).map(
    (path) => new GraphQLError('The agent did not answer.', { path, originalError }),
  );
}

function missedPaths({ query, operationName, variables }: SubgraphRequest): (string | number)[][] {
  const operation = getOperationAST(parse(query, { noLocation: true }), operationName);
  if (!operation) return [];
  const root = fieldsIn(operation.selectionSet);
  const entities = root.find(({ name }) => name.value === '_entities')?.selectionSet;
  if (!entities) return root.map((field) => [keyOf(field)]);
  const representations = (variables?.representations ?? []) as Representation[];
  return representations.flatMap(({ __typename }, index) =>
    fieldsIn(entities, __typename)
      .filter(({ name }) => name.value !== '__typename')
      .map((field) => ['_entities', index, keyOf(field)]),
  );
}

/** The fields, also those in fragments; of this type only, if one is given. */
function fieldsIn({ selections }: SelectionSetNode, type?: string): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    const on = selection.typeCondition?.name.value;
    return type === undefined || on === undefined || on === type ? fieldsIn(selection.selectionSet, type) : [];
  });
}

const keyOf = ({ alias, name }: FieldNode): string => (alias ?? name).value;
