/**
 * Prunes denied selections from an operation, so that no subgraph is asked for them, and lists the keys that become
 * null in the result (`finish.ts`).
 */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  Kind,
  OperationTypeNode,
  type SelectionNode,
} from 'graphql';
import { type CompiledOperation, type Selected, type SelectedField, TYPENAME_ALIAS } from './compile.ts';

/** The masking of one key of an object in the result. */
export interface MaskEntry {
  key: string;
  /** The runtime types of the object that it applies to; any, if undefined. */
  types: ReadonlySet<string> | undefined;
  /** The type of the field, which decides how null propagates. */
  type: GraphQLOutputType;
  /** The denied check: the key becomes null. */
  denied: number | undefined;
  /** The masking of the object below. */
  below: Mask | undefined;
}

/** The masking of an object in the result. */
export type Mask = readonly MaskEntry[];

/** An operation without its denied selections. */
export interface PrunedOperation {
  document: DocumentNode;
  /** Whether no selection is left. */
  isEmpty: boolean;
  mask: Mask;
}

/** Prunes the checks with these indexes. */
export function prune(operation: CompiledOperation, denied: ReadonlySet<number>): PrunedOperation {
  const { selections, mask } = pruneSelections(operation.selections, denied);
  const node = { ...operation.node, selectionSet: { kind: Kind.SELECTION_SET as const, selections } };
  return { document: { kind: Kind.DOCUMENT, definitions: [node] }, isEmpty: selections.length === 0, mask };
}

interface Pruned {
  selections: SelectionNode[];
  mask: MaskEntry[];
}

function pruneSelections(selected: readonly Selected[], denied: ReadonlySet<number>): Pruned {
  const result: Pruned = { selections: [], mask: [] };
  for (const item of selected) {
    const { selections, mask } = item.kind === 'field' ? pruneField(item, denied) : pruneFragment(item, denied);
    result.selections.push(...selections);
    result.mask.push(...mask);
  }
  return result;
}

function pruneFragment(item: Extract<Selected, { kind: 'fragment' }>, denied: ReadonlySet<number>): Pruned {
  const { selections, mask } = pruneSelections(item.children, denied);
  if (selections.length === 0) return { selections: [], mask };
  return { selections: [inlineFragment(item.type.name, selections, item.directives)], mask };
}

function pruneField(item: SelectedField, denied: ReadonlySet<number>): Pruned {
  const refused = item.checks.filter((check) => denied.has(check.index));
  const mask: MaskEntry[] = refused.map((check) => ({
    key: item.key,
    types: item.isTypeOpen ? new Set([check.type.name]) : undefined,
    type: check.type.getFields()[item.node.name.value]!.type,
    denied: check.index,
    below: undefined,
  }));
  const left = item.types.filter((type) => !refused.some((check) => check.type === type));
  if (refused.length > 0 && left.length === 0) return { selections: [], mask };

  const node = item.children ? pruneBelow(item, left, item.children, denied, mask) : item.node;
  if (refused.length === 0) return { selections: [node], mask };
  return { selections: left.map((type) => inlineFragment(type.name, [node])), mask };
}

function pruneBelow(
  item: SelectedField,
  types: readonly GraphQLObjectType[],
  children: readonly Selected[],
  denied: ReadonlySet<number>,
  mask: MaskEntry[],
): FieldNode {
  const below = pruneSelections(children, denied);
  if (below.mask.length > 0) {
    below.selections.push(TYPENAME);
    const names = item.isTypeOpen ? new Set(types.map((type) => type.name)) : undefined;
    mask.push({ key: item.key, types: names, type: item.field.type, denied: undefined, below: below.mask });
  }
  return { ...item.node, selectionSet: { kind: Kind.SELECTION_SET, selections: below.selections } };
}

const TYPENAME: FieldNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: '__typename' },
  alias: { kind: Kind.NAME, value: TYPENAME_ALIAS },
};

const inlineFragment = (
  typeName: string,
  selections: readonly SelectionNode[],
  directives: Extract<SelectionNode, { kind: Kind.INLINE_FRAGMENT }>['directives'] = [],
): SelectionNode => ({
  kind: Kind.INLINE_FRAGMENT,
  typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: typeName } },
  directives,
  selectionSet: { kind: Kind.SELECTION_SET, selections },
});

/** Whether a denied root field refuses the whole operation: a half-done mutation is worse than none. */
export const isAllOrNothing = (operation: CompiledOperation): boolean =>
  operation.node.operation !== OperationTypeNode.QUERY;
