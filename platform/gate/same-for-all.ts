import { type DirectiveNode, type DocumentNode, Kind } from 'graphql';

/**
 * The coordinates that carry `@sameForAll`. A type's holds for all its fields only where one subgraph alone defines the
 * type: composition puts together what all of them declare, and another's fields may depend on who asks.
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
      // A field that says nothing of subgraphs is in all that have the type.
      const isOnce = owners(field.directives) === 1 || (owners(field.directives) === 0 && isOneAgents);
      if (isMarked(field) && isOnce) coordinates.add(`${type.name.value}.${field.name.value}`);
    }
  }
  return coordinates;
}

/** How many subgraphs have the type, or the field where it says so. */
function owners(directives: readonly DirectiveNode[] = []): number {
  const graphs = directives
    .filter(({ name }) => name.value === 'join__type' || name.value === 'join__field')
    .flatMap((node) => node.arguments ?? [])
    .flatMap(({ name, value }) => (name.value === 'graph' && value.kind === Kind.ENUM ? [value.value] : []));
  return new Set(graphs).size;
}
