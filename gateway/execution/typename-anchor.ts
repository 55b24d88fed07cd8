/**
 * Where `@skip` and `@include` may leave a selection empty, the planner of @apollo/gateway 2.14.4 asks no agent for the
 * field: it is null instead of an empty object, and its errors are lost. So the planned document has one more field
 * there, which nothing leaves out; the answer is shaped by the client's own document, without it.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** Alias of that field: where a client uses it, too, `reserved-keys.ts` keeps the two apart. */
export const ANCHOR = '__anchor';
const FIELD: FieldNode = {
  kind: Kind.FIELD,
  alias: { kind: Kind.NAME, value: ANCHOR },
  name: { kind: Kind.NAME, value: '__typename' },
};

const known = new WeakMap<DocumentNode, DocumentNode>();

/** The document to plan in place of a valid one; the same document if nothing of it can be left empty. */
export function withTypenameAnchor(document: DocumentNode): DocumentNode {
  let found = known.get(document);
  if (!found) known.set(document, (found = anchor(document)));
  return found;
}

function anchor(document: DocumentNode): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const certain = new Map<string, boolean>();

  const isCertain = (selection: SelectionNode): boolean => {
    if (selection.directives?.some(({ name: { value } }) => value === 'skip' || value === 'include')) return false;
    if (selection.kind === Kind.FIELD) return true;
    if (selection.kind === Kind.INLINE_FRAGMENT) return selection.selectionSet.selections.some(isCertain);
    const { value } = selection.name;
    if (!certain.has(value)) certain.set(value, fragments.get(value)!.selectionSet.selections.some(isCertain));
    return certain.get(value)!;
  };
  return visit(document, {
    Field: {
      leave(node) {
        const { selectionSet } = node;
        if (!selectionSet || selectionSet.selections.some(isCertain)) return undefined;
        return { ...node, selectionSet: withAnchor(selectionSet) };
      },
    },
  });
}

const withAnchor = (set: SelectionSetNode): SelectionSetNode => ({ ...set, selections: [FIELD, ...set.selections] });
