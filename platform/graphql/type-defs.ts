import { readFileSync } from 'node:fs';
import { type DocumentNode, Kind, parse } from 'graphql';

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
  definitions: roomSdl ? [...SHARED, ...parse(roomSdl, { noLocation: true }).definitions] : SHARED,
});
