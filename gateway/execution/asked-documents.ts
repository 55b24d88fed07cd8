import type { DocumentNode, ExecutionResult } from 'graphql';
import type { References } from './references.ts';
import type { ReservedKeys } from './reserved-keys.ts';

/**
 * What is planned and executed in place of the documents that clients send, and their answers made of what comes of it.
 * Each document has one in its place, for as long as it lives.
 */
export class AskedDocuments {
  readonly #keys: ReservedKeys;
  readonly #references: References | undefined;
  readonly #asked = new WeakMap<DocumentNode, DocumentNode>();
  readonly #apart = new WeakMap<DocumentNode, DocumentNode>();

  /** @param references none: what an agent says of another's things is not asked for again */
  constructor(keys: ReservedKeys, references?: References) {
    this.#keys = keys;
    this.#references = references;
  }

  /** The document to plan and to execute: mostly the same. One that comes from here stays as it is. */
  of(document: DocumentNode): DocumentNode {
    const known = this.#asked.get(document);
    if (known) return known;
    const apart = this.#keys.apart(document);
    const asked = this.#references?.anchored(apart) ?? apart;
    this.#asked.set(document, asked);
    this.#asked.set(asked, asked);
    this.#apart.set(asked, apart);
    return asked;
  }

  /** The answer to a document that comes from here, as the client asked. */
  answer(asked: DocumentNode, result: ExecutionResult): ExecutionResult {
    const own = this.#references?.answer(asked, result) ?? result;
    return this.#keys.answer(this.#apart.get(asked) ?? asked, own);
  }
}
