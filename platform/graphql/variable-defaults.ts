/**
 * The defaults of an operation's variables, taken out of it and put among the variables instead: graphql-jit 0.8.9 does
 * not know them. What it then compiles answers as graphql-js does (`subgraph.test.ts`).
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

/** An operation whose variables have no defaults, and what they would have been. */
export interface WithoutDefaults {
  document: DocumentNode;
  /** The variables as given, with the defaults of those that were not. */
  fill(variables: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Takes the defaults out. Undefined where one cannot be put among the variables, because it would be read in another
 * way there: a scalar of ours reads a literal and a value each by its own rule.
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
      // Of no prototype: a variable may be called `constructor`.
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
