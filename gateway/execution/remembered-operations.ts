/**
 * The executor of @apollo/gateway 2.14.4 reads an operation out of its document anew for every request
 * (`executeQueryPlan.js` calls `operationFromDocument`), and it offers no place to keep it. So the function is
 * replaced, in the module that it is called through, by a memoised one: keyed by the operation's node, which the
 * parser's cache and the gate hand out again, for as long as that lives. Where the module is not as we know it, nothing
 * is replaced and all works as before, only slower (`bench -- federation`).
 */
import type { Operation, operationFromDocument, Schema } from '@apollo/federation-internals';
import type { DefinitionNode, DocumentNode } from 'graphql';

type Read = typeof operationFromDocument;

interface Remembered {
  fragments: readonly DefinitionNode[];
  operation: Operation;
}

/**
 * The same function, memoised. Only for documents that need no validation: a caller that asks for validation gets it.
 */
export function remembering(read: Read): Read {
  // By schema first: documents outlive graph versions, and must not keep the schema of an old one.
  const known = new WeakMap<Schema, WeakMap<DefinitionNode, Remembered>>();
  return (schema, document, options) => {
    const [node, ...fragments] = document.definitions;
    if (!node || options?.validate !== false || options.operationName) return read(schema, document, options);
    let ofSchema = known.get(schema);
    if (!ofSchema) known.set(schema, (ofSchema = new WeakMap()));
    const found = ofSchema.get(node);
    if (found && isSame(found.fragments, fragments)) return found.operation;
    const operation = read(schema, document, options);
    ofSchema.set(node, { fragments, operation });
    return operation;
  };
}

const isSame = (one: readonly DefinitionNode[], other: DocumentNode['definitions']): boolean =>
  one.length === other.length && one.every((node, index) => node === other[index]);

/** Replaces the function by the memoised one, if the module lets it. True if it did. */
export function rememberOperations(
  inner: { operationFromDocument?: Read },
  outer: { readonly operationFromDocument?: Read },
): boolean {
  const read = inner.operationFromDocument;
  if (typeof read !== 'function' || outer.operationFromDocument !== read) return false;
  const replaced = remembering(read);
  if (!Reflect.set(inner, 'operationFromDocument', replaced)) return false;
  // The package re-exports by getters, through which the executor calls; otherwise it would still call the old one.
  if (outer.operationFromDocument === replaced) return true;
  inner.operationFromDocument = read;
  return false;
}
