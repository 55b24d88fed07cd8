import { readFileSync } from 'node:fs';
import { type DefinitionNode, type DocumentNode, Kind, parse } from 'graphql';

/** The federation directives that rooms may use, and our own `@public` and `@sameForAll`: the head of every subgraph's SDL. */
const HEAD = `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible", "@external", "@requires", "@provides", "@override", "@tag", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@composeDirective"])
  @link(url: "https://agora.dev/spec/v1.0", import: ["@public", "@sameForAll"])
  @composeDirective(name: "@public")
  @composeDirective(name: "@sameForAll")
`;

/** Parsed once for all rooms: nobody changes a document. */
const SHARED = parse(`${HEAD}\n${readFileSync(new URL('shared.graphql', import.meta.url), 'utf8')}`, {
  noLocation: true,
}).definitions;

/** An agent's SDL made whole: the federation head, the shared definitions, and what the room itself wrote. */
export const typeDefsOf = (roomSdl: string): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: roomSdl ? [...SHARED, ...withRoots(parse(roomSdl, { noLocation: true }).definitions)] : SHARED,
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
