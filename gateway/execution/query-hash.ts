import { createHash } from 'node:crypto';
import { type DocumentNode, print } from 'graphql';

const hashes = new WeakMap<DocumentNode, string>();

/** The key of a document's plans. Printed and hashed once: parsers and the gate hand out the same document again. */
export function queryHash(document: DocumentNode): string {
  let hash = hashes.get(document);
  if (!hash) hashes.set(document, (hash = createHash('sha256').update(print(document)).digest('hex')));
  return hash;
}
