/** Questions to the root fields, found in the schema: a new field is asked because it is there. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { prefixOf } from '../../../platform/ids.ts';
import type { Thing } from './things.ts';

/** A root field with one thing that its arguments can name. */
export interface Asking {
  field: GraphQLField<unknown, unknown>;
  /** Undefined: asked with only its required arguments. */
  naming?: { arg: string; value: string; thing: Thing };
  /** Whether the named thing is what is returned. */
  isItself: boolean;
}

/** Every field of a root, once as it is and once for each thing that can be named in its arguments. */
export function askings(schema: GraphQLSchema, root: GraphQLObjectType, things: readonly Thing[]): Asking[] {
  return Object.values(root.getFields()).flatMap((field) => {
    const named = field.args.flatMap((arg) => inArgument(field, arg, thingsOf(schema, field, things), things));
    const needsOne = field.args.some(({ type }) => String(type).endsWith('!')) || isFinder(field);
    return needsOne ? named : [{ field, isItself: false }, ...named];
  });
}

/** Whether a field like `order(id, number)` takes one of its arguments, though the schema cannot say so. */
const isFinder = (field: GraphQLField<unknown, unknown>): boolean =>
  field.args.length > 0 && field.args.every(({ name }) => ['id', 'number', 'slug', 'sku', 'code'].includes(name));

/** The things that the field can return: of an interface, all that have an id with a prefix. */
function thingsOf(schema: GraphQLSchema, { type }: GraphQLField<unknown, unknown>, things: readonly Thing[]): Thing[] {
  const returned = getNamedType(type);
  if (!isInterfaceType(returned)) return things.filter((thing) => thing.type === returned.name);
  const types = schema.getPossibleTypes(returned).map(({ name }) => name);
  return things.filter((thing) => types.includes(thing.type) && prefixOf(thing.id) !== undefined);
}

function inArgument(
  field: GraphQLField<unknown, unknown>,
  arg: GraphQLArgument,
  own: readonly Thing[],
  things: readonly Thing[],
): Asking[] {
  if (arg.name === 'id' || arg.name === 'ids')
    return own.map((thing) => asking(field, arg.name, thing.id, thing, true));
  const byKey = own.flatMap((thing) => {
    const value = thing.keys?.[arg.name];
    return value ? [asking(field, arg.name, value, thing, true)] : [];
  });
  const filters = isInputObjectType(arg.type) ? Object.keys(arg.type.getFields()) : [arg.name];
  const referred = filters.flatMap((name) =>
    things.filter(({ type }) => isNamedBy(name, type)).map((thing) => asking(field, name, thing.id, thing, false)),
  );
  return [...byKey, ...referred];
}

const asking = (field: Asking['field'], arg: string, value: string, thing: Thing, isItself: boolean): Asking => ({
  field,
  naming: { arg, value, thing },
  isItself,
});

/**
 * Whether an argument names things of a type: `variantId` a ProductVariant, `parentId` a Category, `agentIds` some
 * agents.
 */
export function isNamedBy(name: string, type: string): boolean {
  const noun = /^(?:(?:from|to)(?=[A-Z]))?(\w+?)Ids?$/.exec(name)?.[1];
  if (!noun) return false;
  if (noun === 'parent') return type === 'Category';
  return type.toLowerCase().endsWith(noun.toLowerCase());
}

/** Gives the named thing's value wherever its argument stands, also within a filter. */
export const knownIn =
  ({ naming }: Asking) =>
  (name: string, type: GraphQLInputType): unknown => {
    if (!naming) return undefined;
    const named = getNamedType(type);
    if (isInputObjectType(named) && naming.arg in named.getFields())
      return { [naming.arg]: listed(named.getFields()[naming.arg]!.type, naming.value) };
    return name === naming.arg ? listed(type, naming.value) : undefined;
  };

const listed = (type: GraphQLInputType, value: string): unknown => (String(type).startsWith('[') ? [value] : value);

/** The type of a connection's nodes; undefined for another field. */
export function nodesOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): GraphQLObjectType | undefined {
  const type = getNamedType(field.type);
  const nodes = isObjectType(type) && type.name.endsWith('Connection') ? type.getFields().nodes : undefined;
  return nodes && (schema.getType(getNamedType(nodes.type).name) as GraphQLObjectType);
}
