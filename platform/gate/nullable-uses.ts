/**
 * A variable of a type that may be null may stand where null may not: validation lets it, for the sake of its default or
 * of the place's own (https://spec.graphql.org/October2021/#sec-All-Variable-Usages-Are-Allowed). If null is sent for it
 * all the same, executors stumble over it wherever they meet it. So these places are found beforehand.
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

/** A place that must not be null, and the variable that stands there and may be. */
export interface NullableUse {
  variable: VariableNode;
  /** The type of the place. */
  type: string;
  /** Response keys, without the indexes of lists: of the field that it is given to, or that stands under it. */
  path: readonly string[];
  /** The `@skip` and `@include` on the way: where they leave it out, nobody reads it. */
  conditions: readonly DirectiveNode[];
}

/** The variables of an operation that may be null. */
export const nullableVariables = ({ variableDefinitions = [] }: OperationDefinitionNode): ReadonlySet<string> =>
  new Set(
    variableDefinitions.flatMap(({ variable, type }) =>
      type.kind === Kind.NON_NULL_TYPE ? [] : [variable.name.value],
    ),
  );

/**
 * What of them stands among these arguments where null may not.
 * @param taken what the arguments are declared as: `@skip` takes the same as `@include`, and no other directive is executed
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

/** Says of such a place that null was sent for it. */
export const nullInPlace = ({ variable, type, path }: NullableUse): GraphQLError =>
  new GraphQLError(
    `Variable "$${variable.name.value}" is null, and stands where "${type}" is expected: send a value, or leave the variable out to take its default.`,
    { nodes: variable, path: [...path], extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } } },
  );
