import {
  type ArgumentNode,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  getNamedType,
  getOperationAST,
  type GraphQLField,
  type GraphQLSchema,
  isObjectType,
  isScalarType,
  Kind,
  type OperationDefinitionNode,
  parse,
  parseType,
  print,
  visit,
} from 'graphql';

/**
 * Alias under which the gateway asks for the cursor; where a client uses it, too, `reserved-keys.ts` keeps them apart.
 */
export const CURSOR = '__cursor';
/** Variable of the cursor to resume behind, when the gateway asks again. */
export const AFTER = '__after';

/** A subgraph's operation, and how to read the cursor out of its events. */
export interface WithCursor {
  operation: string;
  cursorOf(event: ExecutionResult): string | undefined;
  /** The operation that resumes behind the cursor in the variable {@link AFTER}; undefined if its events have none. */
  resuming: string | undefined;
}

/** Whether a root field's events have a `cursor`, and the field takes it back as `after`. */
export function hasCursors(field: GraphQLField<unknown, unknown> | undefined): boolean {
  const type = field && getNamedType(field.type);
  if (!isObjectType(type) || !field!.args.some(({ name }) => name === 'after')) return false;
  const cursor = type.getFields().cursor;
  return cursor !== undefined && isScalarType(getNamedType(cursor.type)) && cursor.args.length === 0;
}

/** The subgraph's part of a subscription, with the event's cursor if it has one. */
export function withCursor(operation: string, schema: GraphQLSchema): WithCursor {
  const document = parse(operation, { noLocation: true });
  const node = getOperationAST(document)!;
  const [root] = node.selectionSet.selections as readonly FieldNode[];
  const field = schema.getSubscriptionType()?.getFields()[root!.name.value];
  if (!root?.selectionSet || !hasCursors(field)) return { operation, cursorOf: () => undefined, resuming: undefined };
  const cursor: FieldNode = { kind: Kind.FIELD, alias: name(CURSOR), name: name('cursor') };
  const withIt: FieldNode = {
    ...root,
    selectionSet: { kind: Kind.SELECTION_SET, selections: [cursor, ...root.selectionSet.selections] },
  };
  const asking = (one: FieldNode): DocumentNode => {
    const changed = { ...node, selectionSet: { ...node.selectionSet, selections: [one] } };
    return { ...document, definitions: document.definitions.map((each) => (each === node ? changed : each)) };
  };
  const key = root.alias?.value ?? root.name.value;
  return {
    operation: print(asking(withIt)),
    cursorOf({ data }) {
      const value = (data?.[key] as Record<string, unknown> | null | undefined)?.[CURSOR];
      return typeof value === 'string' ? value : undefined;
    },
    resuming: print(declaring(asking(behindCursor(withIt)), field!)),
  };
}

const name = (value: string) => ({ kind: Kind.NAME as const, value });
const variable = { kind: Kind.VARIABLE as const, name: name(AFTER) };

/** The root field with our variable as `after`, in place of the client's own. */
function behindCursor(root: FieldNode): FieldNode {
  const after: ArgumentNode = { kind: Kind.ARGUMENT, name: name('after'), value: variable };
  return { ...root, arguments: [...(root.arguments ?? []).filter((one) => one.name.value !== 'after'), after] };
}

/** Declares the new variable, and no longer the client's own if it is used nowhere else: validation refuses such. */
function declaring(document: DocumentNode, field: GraphQLField<unknown, unknown>): DocumentNode {
  const used = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => void used.add(node.name.value),
  });
  const type = parseType(String(field.args.find((one) => one.name === 'after')!.type), { noLocation: true });
  const definition = { kind: Kind.VARIABLE_DEFINITION as const, variable, type };
  const declare = (node: OperationDefinitionNode): OperationDefinitionNode => {
    const kept = (node.variableDefinitions ?? []).filter((one) => used.has(one.variable.name.value));
    return { ...node, variableDefinitions: [...kept, definition] };
  };
  return visit(document, { OperationDefinition: { leave: declare } });
}
