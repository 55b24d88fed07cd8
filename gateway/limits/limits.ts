import type { Origins } from './cors.ts';
import type { Rates } from './rates.ts';
import type { StoredDocuments } from './stored-documents.ts';
import type { ByTier } from './tier.ts';

/**
 * Limits of one request: how large its document, how deep, how many values its variables. Ordinary queries, and
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

/** Document limits of our own graph. */
export const DOCUMENT_LIMITS: DocumentLimits = {
  characters: 64_000,
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

/** Limits of a gateway. */
export interface Limits {
  document: DocumentLimits;
  /** The largest body of a request, in bytes. */
  bodyBytes: number;
  /** Budgets of one operation, for its cost as it is estimated before it is executed. */
  costs: ByTier<number>;
  /** Rate limits, where a limiter counts. @default none */
  rates?: Rates;
  /** Time that a request has to arrive whole, in milliseconds. */
  requestTimeoutMs: number;
  /** Requests under way from one address. */
  requestsPerAddress: number;
  /** WebSockets and streams of server-sent events from one address, together. */
  streamsPerAddress: number;
  /** Operations that are open at once on one WebSocket. */
  subscriptionsPerSocket: number;
  /** Time that a WebSocket has for its `connection_init`, in milliseconds. */
  connectionInitMs: number;
  /** Documents that are named by id and not sent. @default there are none, and every other may be sent */
  documents?: StoredDocuments;
  /** Origins whose pages may read answers, and open WebSockets. */
  origins: Origins;
  /** Whether introspection is allowed, and errors suggest names. */
  introspection: boolean;
}

const none = Number.POSITIVE_INFINITY;

/** Default limits of a gateway of our own graph. */
export const LIMITS: Limits = {
  document: DOCUMENT_LIMITS,
  bodyBytes: 1_048_576,
  costs: { anonymous: 10_000, signedIn: 20_000, staff: 40_000 },
  requestTimeoutMs: 30_000,
  requestsPerAddress: none,
  streamsPerAddress: none,
  subscriptionsPerSocket: 200,
  connectionInitMs: 3_000,
  origins: '*',
  introspection: true,
};

/** Limits of a gateway of a foreign graph, whose documents are unknown: only what keeps the process alive. */
export const NO_LIMITS: Limits = {
  ...LIMITS,
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
  costs: { anonymous: none, signedIn: none, staff: none },
};
