/** Sample values for arguments, made from their types: nothing is used of a field but its schema. */
import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { newId } from '../../../platform/ids.ts';

const SCALARS: Record<string, () => unknown> = {
  Int: () => 1,
  Float: () => 1,
  Boolean: () => true,
  Decimal: () => '1.00',
  BigInt: () => '1',
  DateTime: () => '2026-01-31T12:00:00.000Z',
  Date: () => '2026-01-31',
  CurrencyCode: () => 'EUR',
  // A country whose addresses need no postal code.
  CountryCode: () => 'HK',
  EmailAddress: () => 'walker@example.com',
  JSON: () => ({}),
};

/** The value for an argument of this name; undefined: the sample of its type. */
export type Known = (name: string, type: GraphQLInputType) => unknown;

/** A value that its type accepts. Of an input object, the required fields and the known ones. */
export function sample(name: string, type: GraphQLInputType, known: Known): unknown {
  const value = known(name, type);
  if (value !== undefined) return value;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const item = sample(name, nullable.ofType, known);
    return item === undefined ? [] : [item];
  }
  if (isEnumType(nullable)) return nullable.getValues()[0]!.name;
  if (isInputObjectType(nullable)) {
    const fields = Object.values(nullable.getFields()).filter(
      (field) => isRequiredInputField(field) || known(field.name, field.type) !== undefined,
    );
    return Object.fromEntries(fields.map((field) => [field.name, sample(field.name, field.type, known)]));
  }
  if (name === 'idempotencyKey') return newId('key');
  return SCALARS[getNamedType(type).name]?.() ?? 'walk';
}

/** A field of a document with its arguments as variables: `f(a: $f_a)`, `$f_a: ID!`, and the values. */
export interface Call {
  text: string;
  declared: string[];
  variables: Record<string, unknown>;
}

/** Calls a field with samples for its required arguments and with the known ones. */
export function callOf(field: GraphQLField<unknown, unknown>, prefix: string, known: Known = () => undefined): Call {
  const isGiven = (arg: GraphQLArgument): boolean => isRequiredArgument(arg) || known(arg.name, arg.type) !== undefined;
  const given = field.args.filter(isGiven);
  const nameOf = (arg: GraphQLArgument): string => `${prefix}_${arg.name}`;
  return {
    text: given.length ? `${field.name}(${given.map((arg) => `${arg.name}: $${nameOf(arg)}`).join(', ')})` : field.name,
    declared: given.map((arg) => `$${nameOf(arg)}: ${String(arg.type)}`),
    variables: Object.fromEntries(given.map((arg) => [nameOf(arg), sample(arg.name, arg.type, known)])),
  };
}

/** The head of an operation with these variables. */
export const head = (kind: string, declared: readonly string[]): string =>
  declared.length ? `${kind} (${declared.join(', ')})` : kind;
