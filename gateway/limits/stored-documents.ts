/**
 * Documents that clients name instead of sending them: trusted documents, which were known when the clients were built
 * (`documentId` of GraphQL over HTTP's appendix), and automatic persisted queries, which a client has stored
 * (https://www.apollographql.com/docs/apollo-server/performance/apq). The first are a boundary, where nothing else is
 * taken; the second save bytes only.
 */
import { createHash } from 'node:crypto';
import { type DocumentNode, GraphQLError, print } from 'graphql';
import type { Cache } from '../../platform/cluster/cache.ts';
import { refused } from './refused.ts';

/** Parameters of a request that name or hold its document. */
export interface DocumentParams {
  query?: string | null;
  /** `sha256:` and the hash. */
  documentId?: unknown;
  extensions?: Record<string, unknown> | null;
}

/** Documents that may be named, and whether any other is taken. */
export interface StoredDocuments {
  /** Texts by `sha256:…` of the document as graphql prints it. */
  trusted: ReadonlyMap<string, string>;
  /** Whether no other document is executed. */
  trustedOnly: boolean;
  /** Cache of the documents that clients store. @default clients store nothing */
  cache?: Cache;
}

/** Lifetime in the cache, a day: clients that come later send the text once more. */
const KEPT_SECONDS = 86_400;

/** The id of a document, whatever its layout. */
export const documentId = (document: DocumentNode): string => `sha256:${sha256(print(document))}`;

/** The text of the document that a request is about. @throws GraphQLError if it names one that is not there */
export async function textOf(params: DocumentParams, { trusted, cache }: StoredDocuments): Promise<string | undefined> {
  const { query, extensions } = params;
  const id = params.documentId;
  if (id !== undefined && id !== null) {
    const text = typeof id === 'string' ? trusted.get(id) : undefined;
    if (text === undefined) throw notFound('There is no document of this id: publish it with the client.', 400);
    return text;
  }
  const hash = (extensions?.persistedQuery as { sha256Hash?: unknown } | undefined)?.sha256Hash;
  if (!cache || typeof hash !== 'string') return query ?? undefined;
  const key = `document:${hash}`;
  if (!query) {
    const text = await cache.get(key);
    // The message that clients look for; with 200, as they expect.
    if (text === undefined) throw notFound('PersistedQueryNotFound', 200);
    return text;
  }
  if (sha256(query) !== hash) throw mismatch();
  await cache.set(key, query, KEPT_SECONDS);
  return query;
}

/** @throws GraphQLError for a document that is not to be executed here */
export function requireTrusted(document: DocumentNode, { trusted, trustedOnly }: StoredDocuments): void {
  if (trustedOnly && !trusted.has(documentId(document))) throw notTrusted();
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const notFound = (message: string, status: number): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', http: { status, spec: false } } });

const mismatch = (): GraphQLError =>
  new GraphQLError('`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`.', {
    extensions: { code: 'BAD_REQUEST', http: refused() },
  });

const notTrusted = (): GraphQLError =>
  new GraphQLError('Only operations that were published with their client are executed here (OPERATIONS=trusted).', {
    extensions: { code: 'OPERATION_NOT_TRUSTED', http: refused() },
  });
