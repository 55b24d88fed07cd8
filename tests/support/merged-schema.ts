/**
 * Subgraphs merged into one plain schema that graphql-js executes, without planner and gateway: the reference for the
 * federated execution. Each field is resolved by the resolver of the subgraph that has it; a field of another subgraph
 * than its parent's, on the object that that subgraph's own reference resolver makes of the parent's key. Of a
 * reference its owner is asked whether the entity exists.
 */
import {
  buildSchema,
  defaultFieldResolver,
  defaultTypeResolver,
  getNamedType,
  type GraphQLAbstractType,
  type GraphQLFieldResolver,
  GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isObjectType,
  isScalarType,
  Kind,
  print,
  printSchema,
} from 'graphql';
import { nodeKinds } from '../../gateway/nodes/node-kinds.ts';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';

type Reference = Record<string, unknown>;
type ResolveReference = (reference: Reference, context: unknown, info: GraphQLResolveInfo) => unknown;

/** An object, and the subgraph whose resolvers understand it. */
class Held {
  readonly part: GraphQLSchema;
  readonly value: unknown;
  /** The same object as other subgraphs have it. */
  readonly elsewhere = new Map<GraphQLSchema, Promise<unknown>>();

  constructor(part: GraphQLSchema, value: unknown) {
    this.part = part;
    this.value = value;
  }
}

/**
 * Merges them into `api`, the schema that clients see. Entities have flat keys; `@requires`, `@provides` and interface
 * objects are not supported.
 */
export function mergedSchema(api: GraphQLSchema, subgraphs: readonly Subgraph[]): GraphQLSchema {
  const merged = buildSchema(printSchema(api));
  const parts = subgraphs.map(({ schema }) => schema);
  const ownerOf = ownersIn(subgraphs);
  for (const type of Object.values(merged.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    const same = parts.map((part) => part.getType(type.name)).find(Boolean);
    if (isScalarType(type) && isScalarType(same)) {
      type.serialize = same.serialize;
      type.parseValue = same.parseValue;
      type.parseLiteral = same.parseLiteral;
    } else if (isAbstractType(type)) {
      type.resolveType = (held: Held, context, info) => typeOf(held, type.name, context, info);
    } else if (isObjectType(type)) {
      for (const field of Object.values(type.getFields()))
        field.resolve = resolverOf({ parts, merged, ownerOf }, type, field.name);
    }
  }
  return merged;
}

const fieldIn = (part: GraphQLSchema, type: string, field: string) => {
  const own = part.getType(type);
  return own instanceof GraphQLObjectType ? own.getFields()[field] : undefined;
};

/** The subgraph that owns the entities of a type. */
type OwnerOf = (type: string) => GraphQLSchema | undefined;

/**
 * Finds owners as `gateway/execution/references.ts` does: by `@node`, or where only one of several resolves its key.
 */
function ownersIn(subgraphs: readonly Subgraph[]): OwnerOf {
  const kinds = nodeKinds(subgraphs);
  return (type) => {
    const declared = kinds.find((kind) => kind.type === type)?.agent;
    if (declared) return subgraphs.find(({ name }) => name === declared)!.schema;
    const having = subgraphs.filter(({ schema }) => isObjectType(schema.getType(type)) && keyIn(schema, type));
    const resolving = having.filter(({ schema }) => !keyIn(schema, type)!.includes('resolvable: false'));
    return having.length > 1 && resolving.length === 1 ? resolving[0]!.schema : undefined;
  };
}

/** The type's first `@key`, as it is written. */
function keyIn(schema: GraphQLSchema, type: string): string | undefined {
  const { astNode, extensionASTNodes } = schema.getType(type) as GraphQLObjectType;
  const keys = [astNode, ...extensionASTNodes].flatMap((node) => node?.directives ?? []);
  const key = keys.find(({ name }) => name.value === 'key');
  return key && print(key);
}

function resolverOf(
  { parts, merged, ownerOf }: { parts: readonly GraphQLSchema[]; merged: GraphQLSchema; ownerOf: OwnerOf },
  { name: type }: GraphQLObjectType,
  field: string,
): GraphQLFieldResolver<Held | undefined, unknown> {
  const owners = parts.filter((part) => fieldIn(part, type, field));
  const isRoot = merged.getQueryType()!.name === type || merged.getMutationType()?.name === type;
  return async (parentHeld, args, context, info) => {
    const part = parentHeld && owners.includes(parentHeld.part) ? parentHeld.part : owners[0]!;
    const parent = isRoot ? {} : await asSeenBy(part, parentHeld!, type, context, info);
    if (parent === null || parent === undefined) return null;
    const { resolve = defaultFieldResolver, type: returnType } = fieldIn(part, type, field)!;
    const own = { ...info, schema: part, parentType: part.getType(type) as GraphQLObjectType, returnType };
    const value: unknown = await resolve(parent, args, context, own);
    if (isLeafType(getNamedType(returnType))) return value;
    const { name } = getNamedType(returnType);
    const owner = ownerOf(name);
    const held = hold(part, value);
    return owner && owner !== part ? thereAt(owner, await held, name, context, info) : held;
  };
}

/** The objects that their owner knows, with null in place of the others. */
async function thereAt(
  owner: GraphQLSchema,
  found: unknown,
  type: string,
  context: unknown,
  info: GraphQLResolveInfo,
): Promise<unknown> {
  if (Array.isArray(found)) return Promise.all(found.map((one) => thereAt(owner, one, type, context, info)));
  if (!(found instanceof Held)) return found;
  return (await asSeenBy(owner, found, type, context, info)) ? found : null;
}

function hold(part: GraphQLSchema, value: unknown): unknown {
  if (value === null || value === undefined || value instanceof Error) return value;
  if (Array.isArray(value)) return value.map((item) => hold(part, item));
  if (value instanceof Promise) return value.then((it) => hold(part, it));
  return new Held(part, value);
}

/** The object as this subgraph has it: itself, or the one that its reference resolver makes of the key. */
function asSeenBy(part: GraphQLSchema, held: Held, type: string, context: unknown, info: GraphQLResolveInfo): unknown {
  if (held.part === part) return held.value;
  let seen = held.elsewhere.get(part);
  if (!seen) held.elsewhere.set(part, (seen = referred(part, held, type, context, info)));
  return seen;
}

async function referred(
  part: GraphQLSchema,
  held: Held,
  type: string,
  context: unknown,
  info: GraphQLResolveInfo,
): Promise<unknown> {
  const own = part.getType(type) as GraphQLObjectType;
  const reference: Reference = { __typename: type };
  for (const key of keyOf(own)) {
    const field = fieldIn(held.part, type, key);
    if (!field) throw new Error(`${type}.${key} is not known where the ${type} comes from.`);
    reference[key] = await (field.resolve ?? defaultFieldResolver)(held.value, {}, context, {
      ...info,
      fieldName: key,
    });
  }
  const { resolveReference } =
    (own.extensions.apollo as { subgraph?: { resolveReference?: ResolveReference } })?.subgraph ?? {};
  return resolveReference ? resolveReference(reference, context, { ...info, schema: part }) : reference;
}

/** The fields of the type's first key. */
function keyOf(type: GraphQLObjectType): string[] {
  const nodes = [type.astNode, ...type.extensionASTNodes].flatMap((node) => node?.directives ?? []);
  const fields = nodes.find(({ name }) => name.value === 'key')?.arguments?.find(({ name }) => name.value === 'fields');
  if (fields?.value.kind !== Kind.STRING) throw new Error(`${type.name} has no key.`);
  return fields.value.value.trim().split(/\s+/);
}

async function typeOf(
  { part, value }: Held,
  name: string,
  context: unknown,
  info: GraphQLResolveInfo,
): Promise<string> {
  const type = part.getType(name) as GraphQLAbstractType;
  const own = { ...info, schema: part };
  return (await (type.resolveType ?? defaultTypeResolver)(value, context, own, type)) as string;
}
