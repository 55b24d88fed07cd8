/** Kinds of nodes, found by their id alone: each type on which a room wrote `@node(prefix: "order")`. */
import { type ConstDirectiveNode, type DocumentNode, Kind } from 'graphql';

/** A type whose ids have a prefix of their own. */
export interface NodeKind {
  /** The prefix of its ids, before the underscore. */
  prefix: string;
  /** The type's name in the graph. */
  type: string;
  /** The agent that owns it: it knows whether an id exists, and whether the caller may see it. */
  agent: string;
  /** The type's permission, as its owner declares it. */
  decisions: readonly ConstDirectiveNode[];
}

const DECISIONS: ReadonlySet<string> = new Set(['public', 'authenticated', 'requiresScopes', 'policy']);

/** The kinds in these parts of the graph, in the order of their types. @throws Error if two have one prefix, or one type */
export function nodeKinds(parts: readonly { name: string; typeDefs: DocumentNode }[]): NodeKind[] {
  const kinds = parts.flatMap(({ name, typeDefs }) =>
    typeDefs.definitions.flatMap((node) =>
      node.kind === Kind.OBJECT_TYPE_DEFINITION ? kindOf(name, node.name.value, node.directives ?? []) : [],
    ),
  );
  for (const what of ['prefix', 'type'] as const) {
    for (const [value, same] of Map.groupBy(kinds, (kind) => kind[what])) {
      if (same.length < 2) continue;
      const agents = same.map(({ agent }) => agent).join(' and ');
      throw new Error(`@node: the ${what} ${value} is declared by ${agents}. Whose an id is must be clear: keep one.`);
    }
  }
  return kinds.sort((a, b) => (a.type < b.type ? -1 : 1));
}

function kindOf(agent: string, type: string, directives: readonly ConstDirectiveNode[]): NodeKind[] {
  const prefix = directives.find(({ name }) => name.value === 'node')?.arguments?.[0]?.value;
  if (prefix?.kind !== Kind.STRING) return [];
  const decisions = directives.filter(({ name }) => DECISIONS.has(name.value));
  return [{ prefix: prefix.value, type, agent, decisions }];
}
