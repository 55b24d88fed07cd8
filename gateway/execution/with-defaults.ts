import {
  type ConstValueNode,
  type DocumentNode,
  getNullableType,
  getOperationAST,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isSpecifiedScalarType,
  Kind,
  typeFromAST,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql';

/**
 * The variables with the defaults of those that were not sent, still as a client would send them. Subgraphs are given
 * values and not defaults, because graphql-jit 0.8.9 refuses `$x: ID! = "a"` without `$x` as "not provided".
 *
 * @param schema as clients see it: without it, a literal of a scalar of ours may come out as no client sends it
 */
export function withDefaults(
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
  schema?: GraphQLSchema,
): Readonly<Record<string, unknown>> {
  // Without a prototype: a variable may be called `constructor`, here and where Apollo looks for it.
  const given: Record<string, unknown> = Object.assign(Object.create(null), variables);
  const missing = (getOperationAST(document, operationName)?.variableDefinitions ?? []).filter(
    ({ variable, defaultValue }) => defaultValue && given[variable.name.value] === undefined,
  );
  for (const { variable, type, defaultValue } of missing)
    given[variable.name.value] = asSent(defaultValue!, schema && typeOf(schema, type));
  return given;
}

const typeOf = (schema: GraphQLSchema, type: TypeNode): GraphQLInputType | undefined =>
  typeFromAST(schema, type as never) as GraphQLInputType | undefined;

/** The literal as a variable holds it: `12.34` is a number in a document, and to a Decimal the text `"12.34"`. */
function asSent(node: ConstValueNode, type: GraphQLInputType | undefined): unknown {
  const bare = type && getNullableType(type);
  if (!bare || node.kind === Kind.NULL || isEnumType(bare)) return valueFromASTUntyped(node);
  if (isListType(bare)) {
    const item = bare.ofType as GraphQLInputType;
    return node.kind === Kind.LIST ? node.values.map((value) => asSent(value, item)) : asSent(node, item);
  }
  if (isInputObjectType(bare)) {
    if (node.kind !== Kind.OBJECT) return valueFromASTUntyped(node);
    const fields = bare.getFields();
    return Object.fromEntries(
      node.fields.map(({ name, value }) => [name.value, asSent(value, fields[name.value]?.type)] as const),
    );
  }
  // A whole number of many digits is an id, and would lose some of them as a number.
  if (bare.name === 'ID' && node.kind === Kind.INT) return node.value;
  if (isSpecifiedScalarType(bare)) return valueFromASTUntyped(node);
  // A scalar reads again what it writes.
  return bare.serialize(bare.parseLiteral(node));
}
