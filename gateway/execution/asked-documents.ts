import type { DocumentNode, ExecutionResult } from 'graphql';
import type { References } from './references.ts';
import type { ReservedKeys } from './reserved-keys.ts';

/**
 * The rewritten documents that are planned and executed in place of the clients' own, and how their results become the
 * answers that clients asked for. Each document has one rewritten form, for as long as it lives.
 */
export class AskedDocuments {
  readonly #keys: ReservedKeys;
  readonly #references: References | undefined;
  readonly #asked = new WeakMap<DocumentNode, DocumentNode>();
  readonly #apart = new WeakMap<DocumentNode, DocumentNode>();

  /** @param references without them, an agent's references to another's entities are not checked with their owner */
  constructor(keys: ReservedKeys, references?: References) {
    this.#keys = keys;
    this.#references = references;
  }

  /** The document to plan and to execute: mostly the client's own. A rewritten one stays as it is. */
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

  /** The answer to a rewritten document, as the client asked. */
  answer(asked: DocumentNode, result: ExecutionResult): ExecutionResult {
    const own = this.#references?.answer(asked, result) ?? result;
    return this.#keys.answer(this.#apart.get(asked) ?? asked, own);
  }
}
