import { readFileSync } from 'node:fs';
import { type DefinitionNode, type DocumentNode, isTypeDefinitionNode, Kind, parse } from 'graphql';
import { withConnections } from './derived-connections.ts';
import { describeTextLimits } from './describe-text-limits.ts';

/** The head of every subgraph's SDL: the federation directives that rooms may use, our `@public` and `@sameForAll`. */
const HEAD = `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible", "@external", "@requires", "@provides", "@override", "@tag", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@composeDirective"])
  @link(url: "https://agora.dev/spec/v1.0", import: ["@public", "@sameForAll"])
  @composeDirective(name: "@public")
  @composeDirective(name: "@sameForAll")
`;

const PARSED = parse(`${HEAD}\n${readFileSync(new URL('shared.graphql', import.meta.url), 'utf8')}`, {
  noLocation: true,
});

/** The names of the shared types, whose connections are shared too. */
const SHARED_NAMES = new Set(PARSED.definitions.filter(isTypeDefinitionNode).map(({ name }) => name.value));

/** The document with all that is derived from it: connections, and the limits of its texts in their descriptions. */
const complete = (document: DocumentNode): DocumentNode =>
  describeTextLimits(withConnections(document, SHARED_NAMES), PARSED);

/** The shared definitions, parsed once for all rooms, which do not change them. */
const SHARED = complete(PARSED).definitions;

/** A room's own part of the graph: the SDL that it wrote, completed. */
export const ownTypeDefsOf = (roomSdl: string): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: roomSdl ? withRoots(complete(parse(roomSdl, { noLocation: true })).definitions) : [],
});

/** The whole SDL of an agent: the federation head, the shared definitions and the room's own part. */
export const typeDefsOf = (roomSdl: string): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: [...SHARED, ...ownTypeDefsOf(roomSdl).definitions],
});

const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

/** Capabilities extend the root types: where the room itself has no such fields, the first extension is the definition. */
function withRoots(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const defined = new Set(
    definitions.flatMap((node) => (node.kind === Kind.OBJECT_TYPE_DEFINITION ? [node.name.value] : [])),
  );
  return definitions.map((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_EXTENSION) return node;
    const name = node.name.value;
    if (!ROOTS.has(name) || defined.has(name)) return node;
    defined.add(name);
    return { ...node, kind: Kind.OBJECT_TYPE_DEFINITION };
  });
}
