import { createHash } from 'node:crypto';
import type { DocumentNode } from 'graphql';
import { queryHash } from './query-hash.ts';

/** The key of an operation's plan, as the executor of @apollo/gateway 2.14.4 makes it. A test holds the two together. */
export const planKey = (document: DocumentNode, operationName: string | null | undefined): string => {
  const hash = queryHash(document);
  return operationName ? createHash('sha256').update(hash).update(operationName).digest('hex') : hash;
};
