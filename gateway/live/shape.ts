/** The shape of a subscription's document: whether subscribers may share it, and where they begin. */
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { DecisionTable } from '../../platform/gate/decision.ts';
import { onlyOperation } from '../execution/planned-execution.ts';
import { hasCursors } from '../execution/with-cursor.ts';

/** The shape of one operation. */
export interface Shape {
  /** Whether its events have cursors, and `after` resumes behind one. */
  isResumable: boolean;
  /** The value of the root field's `after` as it is written: a variable, a literal, or nothing. */
  after: ValueNode | undefined;
  /**
   * The variable that is used as `after` and nowhere else: operations that differ in it alone ask for the same events.
   */
  afterVariable: string | undefined;
  /** Whether all actors that may read all of it read the same. */
  isSameForAll: boolean;
}

/** Finds the shapes of the operations of a graph; each is found once for a document. */
export function shapes(
  schema: GraphQLSchema,
  { sameForAll, decisions }: { sameForAll: ReadonlySet<string>; decisions: DecisionTable },
): (document: DocumentNode, operationName: string | null | undefined) => Shape {
  const known = new WeakMap<DocumentNode, Map<string, Shape>>();
  /** Whether a field is shared. Not under a policy, which may ask for anything of the actor. */
  const isShared = (coordinates: readonly string[]): boolean =>
    coordinates.some((at) => sameForAll.has(at)) && !coordinates.some((at) => decisions.get(at)?.policies);

  const find = (document: DocumentNode): Shape => {
    const root = schema.getSubscriptionType();
    const info = new TypeInfo(schema);
    let rootField: FieldNode | undefined;
    let isSameForAll = true;
    const enter = (node: FieldNode): void => {
      const parent = info.getParentType();
      const field = info.getFieldDef();
      if (!parent || !field) return;
      if (parent === root) rootField ??= node;
      if (field.name.startsWith('__')) return;
      const coordinates = [`${parent.name}.${field.name}`, ...(parent === root ? [] : [parent.name])];
      if (!isShared(coordinates)) isSameForAll = false;
    };
    visit(document, visitWithTypeInfo(info, { Field: { enter } }));
    const after = rootField?.arguments?.find(({ name }) => name.value === 'after')?.value;
    const isResumable = rootField !== undefined && hasCursors(root?.getFields()[rootField.name.value]);
    return { isResumable, after, afterVariable: onlyUse(document, after), isSameForAll };
  };

  return (document, operationName) => {
    let named = known.get(document);
    if (!named) known.set(document, (named = new Map()));
    const name = operationName ?? '';
    let shape = named.get(name);
    if (!shape) named.set(name, (shape = find(onlyOperation(document, name))));
    return shape;
  };
}

/** The variable's name, if this is one, and the document uses it nowhere else. */
function onlyUse(document: DocumentNode, value: ValueNode | undefined): string | undefined {
  if (value?.kind !== Kind.VARIABLE) return undefined;
  const name = value.name.value;
  let uses = 0;
  visit(document, { Variable: (node) => void (uses += node.name.value === name ? 1 : 0) });
  // Its declaration, and this use.
  return uses === 2 ? name : undefined;
}
