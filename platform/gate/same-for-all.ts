import { type DirectiveNode, type DocumentNode, Kind } from 'graphql';

/**
 * The coordinates that carry `@sameForAll`. A type's directive holds for all its fields only if one subgraph alone
 * defines the type: composition merges the directives of all, and another subgraph's fields may depend on the caller.
 */
export function readSameForAll(supergraph: DocumentNode, directive: string | undefined): ReadonlySet<string> {
  const coordinates = new Set<string>();
  if (!directive) return coordinates;
  const isMarked = (node: { directives?: readonly DirectiveNode[] }): boolean =>
    node.directives?.some(({ name }) => name.value === directive) ?? false;
  for (const type of supergraph.definitions) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const isOneAgents = owners(type.directives) === 1;
    if (isMarked(type) && isOneAgents) coordinates.add(type.name.value);
    for (const field of type.fields ?? []) {
      // A field without `join__field` is in all subgraphs that have the type.
      const isOnce = owners(field.directives) === 1 || (owners(field.directives) === 0 && isOneAgents);
      if (isMarked(field) && isOnce) coordinates.add(`${type.name.value}.${field.name.value}`);
    }
  }
  return coordinates;
}

/** Number of subgraphs that these directives name as owners of a type or field. */
function owners(directives: readonly DirectiveNode[] = []): number {
  const graphs = directives
    .filter(({ name }) => name.value === 'join__type' || name.value === 'join__field')
    .flatMap((node) => node.arguments ?? [])
    .flatMap(({ name, value }) => (name.value === 'graph' && value.kind === Kind.ENUM ? [value.value] : []));
  return new Set(graphs).size;
}
