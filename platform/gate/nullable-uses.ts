/**
 * Finds nullable variables in non-null places. Validation allows them if the variable or the place has a default
 * (https://spec.graphql.org/October2021/#sec-All-Variable-Usages-Are-Allowed). If null is sent explicitly, executors
 * fail in different places. So these uses are found beforehand.
 */
import {
  type ArgumentNode,
  type DirectiveNode,
  getNullableType,
  type GraphQLArgument,
  GraphQLError,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
  type VariableNode,
} from 'graphql';

/** A non-null place, and the nullable variable that is used there. */
export interface NullableUse {
  variable: VariableNode;
  /** The type of the place. */
  type: string;
  /** Response keys, without the indexes of lists, of the field with the argument or under the condition. */
  path: readonly string[];
  /** The `@skip` and `@include` on the way: a use that they exclude is not read. */
  conditions: readonly DirectiveNode[];
}

/** The nullable variables of an operation. */
export const nullableVariables = ({ variableDefinitions = [] }: OperationDefinitionNode): ReadonlySet<string> =>
  new Set(
    variableDefinitions.flatMap(({ variable, type }) =>
      type.kind === Kind.NON_NULL_TYPE ? [] : [variable.name.value],
    ),
  );

/**
 * The uses of nullable variables in non-null places among these arguments.
 * @param taken the declared arguments: `@skip` has the same as `@include`, and no other directive is executed
 */
export function nullableIn(
  given: readonly ArgumentNode[] = [],
  taken: readonly GraphQLArgument[],
  nullable: ReadonlySet<string>,
): Pick<NullableUse, 'variable' | 'type'>[] {
  const uses: Pick<NullableUse, 'variable' | 'type'>[] = [];
  const look = (value: ValueNode, type: GraphQLInputType): void => {
    if (value.kind === Kind.VARIABLE) {
      if (isNonNullType(type) && nullable.has(value.name.value)) uses.push({ variable: value, type: String(type) });
      return;
    }
    const bare = getNullableType(type);
    if (isListType(bare)) for (const item of value.kind === Kind.LIST ? value.values : [value]) look(item, bare.ofType);
    else if (value.kind === Kind.OBJECT && isInputObjectType(bare)) {
      const fields = bare.getFields();
      for (const { name, value: inner } of value.fields) if (fields[name.value]) look(inner, fields[name.value]!.type);
    }
  };
  for (const { name, value } of given) {
    const parameter = taken.find((one) => one.name === name.value);
    if (parameter) look(value, parameter.type);
  }
  return uses;
}

/** The error for null sent to such a place. */
export const nullInPlace = ({ variable, type, path }: NullableUse): GraphQLError =>
  new GraphQLError(
    `Variable "$${variable.name.value}" is null, and stands where "${type}" is expected: send a value, or leave the variable out to take its default.`,
    { nodes: variable, path: [...path], extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } },
  );
