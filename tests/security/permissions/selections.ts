/** Everything that can be selected below a type, down to a depth: so that every nested path is asked for. */
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
} from 'graphql';
import { type Call, callOf } from './samples.ts';

/** A selection set with its arguments as variables. */
export type Selection = Call;

/** The selection set of all fields, without circles. */
export function everythingOf(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): Selection {
  const collected: Selection = { text: '', declared: [], variables: {} };
  let calls = 0;
  const fieldsOf = (of: GraphQLObjectType, left: number, path: readonly string[]): string =>
    Object.values(of.getFields())
      .filter((field) => !field.name.startsWith('_'))
      .map((field) => select(field, left, path))
      .join(' ');
  const select = (field: GraphQLField<unknown, unknown>, left: number, path: readonly string[]): string => {
    const returned = getNamedType(field.type);
    if (isCompositeType(returned) && (left === 0 || path.includes(returned.name))) return '';
    const call = callOf(field, `s${calls++}`);
    collected.declared.push(...call.declared);
    Object.assign(collected.variables, call.variables);
    return isCompositeType(returned) ? `${call.text} ${set(returned, left - 1, [...path, returned.name])}` : call.text;
  };
  const set = (of: GraphQLNamedType, left: number, path: readonly string[]): string => {
    if (isObjectType(of)) return `{ __typename ${fieldsOf(of, left, path)} }`;
    if (!isAbstractType(of)) return '';
    const possible = schema.getPossibleTypes(of).map((one) => `... on ${one.name} ${set(one, left, path)}`);
    return `{ __typename ${possible.join(' ')} }`;
  };
  collected.text = set(type, depth, [type.name]);
  return collected;
}
