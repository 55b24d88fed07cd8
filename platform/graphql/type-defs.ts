import { readFileSync } from 'node:fs';
import { type DocumentNode, parse } from 'graphql';

/** The federation directives that rooms may use, and our own `@public` and `@sameForAll`: the head of every subgraph's SDL. */
const HEAD = `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible", "@external", "@requires", "@provides", "@override", "@tag", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@composeDirective"])
  @link(url: "https://agora.dev/spec/v1.0", import: ["@public", "@sameForAll"])
  @composeDirective(name: "@public")
  @composeDirective(name: "@sameForAll")
`;

const SHARED = readFileSync(new URL('shared.graphql', import.meta.url), 'utf8');

/** An agent's SDL made whole: the federation head, the shared definitions, and what the room itself wrote. */
export const typeDefsOf = (roomSdl: string): DocumentNode =>
  parse(`${HEAD}\n${SHARED}\n${roomSdl}`, { noLocation: true });
