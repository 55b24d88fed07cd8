/** Every place of a schema where a client gives a value, and the documents with a value there. */
import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { type Good, goodValue } from './nasty-values.ts';

/** An argument of a root field, or a part within it. */
export interface Place {
  kind: 'query' | 'mutation' | 'subscription';
  field: GraphQLField<unknown, unknown>;
  /** The argument, then fields of inputs; `[]` is an item of a list. */
  path: readonly string[];
  type: GraphQLInputType;
}

/** How deep inputs that contain themselves are followed. */
const DEPTH = 6;

/** All places of a schema. */
export function placesOf(schema: GraphQLSchema): Place[] {
  return rootsOf(schema).flatMap(({ kind, field }) =>
    field.args.flatMap((argument) =>
      within(argument.type, [argument.name]).map((found) => ({ kind, field, ...found })),
    ),
  );
}

/** The root fields. */
export function rootsOf(schema: GraphQLSchema): Pick<Place, 'kind' | 'field'>[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([kind, type]) => Object.values(type?.getFields() ?? {}).map((field) => ({ kind, field })));
}

function within(type: GraphQLInputType, path: readonly string[]): Pick<Place, 'path' | 'type'>[] {
  const bare = getNullableType(type);
  const here = [{ path, type }];
  if (path.length > DEPTH) return here;
  if (isListType(bare)) return [...here, ...within(bare.ofType as GraphQLInputType, [...path, '[]'])];
  if (!isInputObjectType(bare)) return here;
  const fields = Object.values(bare.getFields());
  return [...here, ...fields.flatMap((field) => within(field.type, [...path, field.name]))];
}

/** A value as it is written into a document; no type may accept it. */
export class Literal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The absence of a value in a place. */
export const ABSENT = Symbol('absent');

/** Writes a value as a literal. Enum values are written as names. */
export function written(value: unknown, type?: GraphQLInputType): string {
  const bare = type && getNullableType(type);
  if (value instanceof Literal) return value.text;
  if (Array.isArray(value)) {
    const item = bare && isListType(bare) ? (bare.ofType as GraphQLInputType) : undefined;
    return `[${value.map((one) => written(one, item)).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = bare && isInputObjectType(bare) ? bare.getFields() : {};
    const entries = Object.entries(value).filter(([name]) => /^[_A-Za-z]\w*$/.test(name));
    return `{${entries.map(([name, one]) => `${name}: ${written(one, fields[name]?.type)}`).join(', ')}}`;
  }
  if (bare && isEnumType(bare) && typeof value === 'string' && /^[_A-Za-z]\w*$/.test(value)) return value;
  return JSON.stringify(value) ?? 'null';
}

/** Parts of an operation: the declaration of its variables, and the value in the place. */
export interface Given {
  declared?: string;
  value: unknown;
  /** Conditions on the root field, and within its selection. */
  conditions?: { root?: string; below?: string };
}

/** The operation with this value in this place, and with other required values as an ordinary client gives them. */
export function operationAt(place: Place, given: Given, good: Good): string {
  const { kind, field, path } = place;
  const [argument, ...below] = path;
  const parts = field.args.flatMap((one) => {
    if (one.name === argument) {
      const value = placed(one.type, { below, name: one.name, given: given.value, good });
      return value === ABSENT ? [] : [`${one.name}: ${written(value, one.type)}`];
    }
    if (!isNonNullType(one.type)) return [];
    return [`${one.name}: ${written(goodValue(one.type, one.name, good), one.type)}`];
  });
  const list = (texts: string[]): string => (texts.length > 0 ? `(${texts.join(', ')})` : '');
  const { root = '', below: condition = '' } = given.conditions ?? {};
  const declared = given.declared ? [given.declared] : [];
  return `${kind} ${list(declared)} { ${field.name}${list(parts)} ${root} ${selectionOf(field, condition)} }`;
}

function selectionOf({ type }: Place['field'], condition: string): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  const isPayload = isObjectType(named) && named.getFields().userErrors !== undefined;
  return `{ __typename ${condition} ${isPayload ? 'userErrors { code message path }' : ''} }`;
}

interface Placing {
  below: readonly string[];
  name: string;
  given: unknown;
  good: Good;
}

/** An ordinary value of the type, with the given one in place of one part. */
function placed(type: GraphQLInputType, { below: [next, ...below], name, given, good }: Placing): unknown {
  if (next === undefined) return given;
  const bare = getNullableType(type);
  if (isListType(bare)) {
    const item = placed(bare.ofType as GraphQLInputType, { below, name, given, good });
    return item === ABSENT ? [] : [item];
  }
  if (!isInputObjectType(bare)) return given;
  const value = placed(bare.getFields()[next]!.type, { below, name: next, given, good });
  const whole = goodValue(bare, name, good, 1) as Record<string, unknown>;
  const { [next]: _, ...rest } = whole;
  return value === ABSENT ? rest : { ...rest, [next]: value };
}
