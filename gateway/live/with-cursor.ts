import { type ExecutionResult, type FieldNode, getOperationAST, type GraphQLSchema, Kind, parse, print } from 'graphql';
import { hasCursors } from './shape.ts';

/** Under this name the gateway asks for the cursor itself, because a client may not. No field of a schema begins so. */
const CURSOR = '__cursor';

/** What a subgraph is asked, and how the cursor is read out of what it says. */
export interface WithCursor {
  operation: string;
  cursorOf(event: ExecutionResult): string | undefined;
}

/** The subgraph's part of a subscription, with the event's cursor if it has one. */
export function withCursor(operation: string, schema: GraphQLSchema): WithCursor {
  const document = parse(operation, { noLocation: true });
  const node = getOperationAST(document)!;
  const [root] = node.selectionSet.selections as readonly FieldNode[];
  const field = schema.getSubscriptionType()?.getFields()[root!.name.value];
  if (!root?.selectionSet || !hasCursors(field)) return { operation, cursorOf: () => undefined };
  const cursor: FieldNode = { kind: Kind.FIELD, alias: name(CURSOR), name: name('cursor') };
  const withIt: FieldNode = {
    ...root,
    selectionSet: { kind: Kind.SELECTION_SET, selections: [cursor, ...root.selectionSet.selections] },
  };
  const changed = { ...node, selectionSet: { ...node.selectionSet, selections: [withIt] } };
  const definitions = document.definitions.map((definition) => (definition === node ? changed : definition));
  const key = root.alias?.value ?? root.name.value;
  return {
    operation: print({ ...document, definitions }),
    cursorOf({ data }) {
      const value = (data?.[key] as Record<string, unknown> | null | undefined)?.[CURSOR];
      return typeof value === 'string' ? value : undefined;
    },
  };
}

const name = (value: string) => ({ kind: Kind.NAME as const, value });
