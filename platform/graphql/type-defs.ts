import { readFileSync } from 'node:fs';
import { type DocumentNode, Kind, parse } from 'graphql';
import { withConnections } from './derived-connections.ts';

/** The federation directives that rooms may use, and our own `@public` and `@sameForAll`: the head of every subgraph's SDL. */
const HEAD = `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible", "@external", "@requires", "@provides", "@override", "@tag", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@composeDirective"])
  @link(url: "https://agora.dev/spec/v1.0", import: ["@public", "@sameForAll"])
  @composeDirective(name: "@public")
  @composeDirective(name: "@sameForAll")
`;

/** The functions that complete an SDL document, in their order: each takes a document and returns another. */
const COMPLETIONS: readonly ((sdl: DocumentNode) => DocumentNode)[] = [withConnections];

const complete = (sdl: string): DocumentNode =>
  COMPLETIONS.reduce((document, next) => next(document), parse(sdl, { noLocation: true }));

/** Parsed once for all rooms: nobody changes a document. */
const SHARED = complete(`${HEAD}\n${readFileSync(new URL('shared.graphql', import.meta.url), 'utf8')}`).definitions;

/** A room's own part of the graph: the SDL that it wrote, completed. */
export const ownTypeDefsOf = (roomSdl: string): DocumentNode =>
  roomSdl ? complete(roomSdl) : { kind: Kind.DOCUMENT, definitions: [] };

/** An agent's SDL made whole: the federation head, the shared definitions, and the room's own part. */
export const typeDefsOf = (roomSdl: string): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: [...SHARED, ...ownTypeDefsOf(roomSdl).definitions],
});
