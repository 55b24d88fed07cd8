import type { DocumentNode } from 'graphql';

/** A document that was executed, and how often. */
export interface UsedDocument {
  document: DocumentNode;
  operationName: string | undefined;
  uses: number;
}

/**
 * What the gateway is asked for, so that the next generation can be planned for it before it serves. Outlives
 * generations; holds documents only, at most so many: the one unused for longest goes first.
 */
export class UsedDocuments {
  readonly #used = new Map<string, UsedDocument>();
  readonly #capacity: number;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  /** It was executed. `hash` is the document's. */
  note(hash: string, document: DocumentNode, operationName: string | undefined): void {
    const key = operationName ? `${hash} ${operationName}` : hash;
    const known = this.#used.get(key);
    if (known) {
      this.#used.delete(key);
      this.#used.set(key, known);
      known.uses += 1;
      return;
    }
    if (this.#used.size >= this.#capacity) this.#used.delete(this.#used.keys().next().value!);
    this.#used.set(key, { document, operationName, uses: 1 });
  }

  /** The most used, the first first. */
  top(count: number): UsedDocument[] {
    return [...this.#used.values()].sort((a, b) => b.uses - a.uses).slice(0, count);
  }

  get size(): number {
    return this.#used.size;
  }
}
