/**
 * Moves the defaults of an operation's variables into the variables' values, since graphql-jit 0.8.9 does not know
 * defaults. The compiled operation then answers as graphql-js does (`subgraph.test.ts`).
 */
import {
  type DocumentNode,
  getNamedType,
  getOperationAST,
  type GraphQLSchema,
  isEnumType,
  isSpecifiedScalarType,
  Kind,
  type NamedTypeNode,
  typeFromAST,
  valueFromASTUntyped,
  type VariableDefinitionNode,
} from 'graphql';

/** An operation without variable defaults, and a function that fills them in. */
export interface WithoutDefaults {
  document: DocumentNode;
  /** The variables as given, with the defaults of those that were not. */
  fill(variables: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Removes the defaults. Returns undefined if one cannot be moved into the variables, because it would be parsed in
 * another way there: our scalars parse a literal and a value by rules of their own.
 */
export function withoutDefaults(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): WithoutDefaults | undefined {
  const operation = getOperationAST(document, operationName);
  const defined = (operation?.variableDefinitions ?? []).filter(({ defaultValue }) => defaultValue);
  if (!operation || defined.length === 0) return { document, fill: (variables) => variables };
  if (!defined.every((variable) => isPlain(schema, variable))) return undefined;
  const defaults = defined.map(
    ({ variable, defaultValue }) => [variable.name.value, valueFromASTUntyped(defaultValue!)] as const,
  );
  const bare = {
    ...operation,
    variableDefinitions: operation.variableDefinitions!.map((node) => ({ ...node, defaultValue: undefined })),
  };
  return {
    document: { ...document, definitions: document.definitions.map((node) => (node === operation ? bare : node)) },
    fill(variables) {
      // Without a prototype, since a variable may be called `constructor`.
      const filled = Object.assign(Object.create(null), variables) as typeof variables;
      for (const [name, value] of defaults) if (filled[name] === undefined) filled[name] = value;
      return filled;
    },
  };
}

function isPlain(schema: GraphQLSchema, { type, defaultValue }: VariableDefinitionNode): boolean {
  const named = getNamedType(typeFromAST(schema, type as NamedTypeNode));
  if (!named || defaultValue!.kind === Kind.NULL) return false;
  return isEnumType(named) || isSpecifiedScalarType(named);
}
