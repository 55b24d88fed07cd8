import type { DocumentNode } from 'graphql';
import { LruCache } from '../../platform/lru-cache.ts';

/** A document that was executed, and how often. */
export interface UsedDocument {
  document: DocumentNode;
  operationName: string | undefined;
  uses: number;
}

/** Limits: documents, and their characters. */
const MOST = { entries: 1000, weight: 1_000_000 };

/**
 * The documents that clients use most, so that the next graph version can be planned for them before it serves.
 * Outlives graph versions, and holds documents only.
 */
export class UsedDocuments {
  readonly #used: LruCache<UsedDocument>;

  constructor(limits = MOST) {
    this.#used = new LruCache(limits);
  }

  /** Counts a use. `hash` is the document's. */
  note(hash: string, document: DocumentNode, operationName: string | undefined): void {
    const key = operationName ? `${hash} ${operationName}` : hash;
    const known = this.#used.get(key);
    if (known) known.uses += 1;
    else this.#used.set(key, { document, operationName, uses: 1 }, lengthOf(document));
  }

  /** The most used documents, in falling order. */
  top(count: number): UsedDocument[] {
    return [...this.#used.values()].sort((a, b) => b.uses - a.uses).slice(0, count);
  }

  get size(): number {
    return this.#used.size;
  }
}

/** Length of the text that a document was read from; the gate's documents hold nodes of the client's. */
const lengthOf = ({ definitions }: DocumentNode): number => definitions[0]?.loc?.source.body.length ?? 0;
