import type { ByTier } from './tier.ts';

/**
 * What one request may be: how large its document, how deep, how many values its variables. Ordinary queries, and
 * GraphiQL's introspection, pass with room; docs/limits.md lists each with its reason.
 */
export interface DocumentLimits {
  /** The text of a document, in UTF-16 code units: looked at before anything reads it. */
  characters: number;
  /** Lexical tokens of a document (https://spec.graphql.org/October2021/#sec-Language.Source-Text.Lexical-Tokens). */
  tokens: number;
  /** Brackets within brackets: the parser, which goes as deep, must not run out of stack. */
  brackets: number;
  /** Fields within fields, fragments written out. */
  depth: number;
  /** Fields that are asked under another name, or once more beside the same: a repeated field costs validation its square. */
  aliases: number;
  /** Directives in a document. */
  directives: number;
  /** Fragments: each is compared with each. */
  fragments: number;
  /** Fields of one operation at its root, fragments written out. */
  rootFields: number;
  /** Fields of one operation, fragments written out. */
  fields: number;
  /** Values in the variables: members of lists and of objects. */
  variableValues: number;
  /** Lists and objects within one another in the variables. */
  variableDepth: number;
}

/** Of our own graph. */
export const DOCUMENT_LIMITS: DocumentLimits = {
  characters: 65_536,
  tokens: 4_000,
  brackets: 60,
  depth: 20,
  aliases: 100,
  directives: 100,
  fragments: 50,
  rootFields: 50,
  fields: 1_000,
  variableValues: 20_000,
  variableDepth: 32,
};

/** What a gateway limits. */
export interface Limits {
  document: DocumentLimits;
  /** The largest body of a request, in bytes. */
  bodyBytes: number;
  /** What one operation may cost, as it is estimated before it is executed. */
  costs: ByTier<number>;
}

/** For a gateway of our own graph. */
export const LIMITS: Limits = {
  document: DOCUMENT_LIMITS,
  bodyBytes: 1_048_576,
  costs: { anonymous: 10_000, signedIn: 20_000, staff: 40_000 },
};

const none = Number.POSITIVE_INFINITY;

/** For a gateway of a foreign graph, of whose documents nothing is known: only what keeps the process alive. */
export const NO_LIMITS: Limits = {
  document: {
    ...DOCUMENT_LIMITS,
    characters: 1_048_576,
    tokens: 100_000,
    depth: none,
    brackets: 200,
    aliases: none,
    directives: none,
    fragments: none,
    rootFields: none,
    fields: 10_000,
  },
  bodyBytes: 1_048_576,
  costs: { anonymous: none, signedIn: none, staff: none },
};
