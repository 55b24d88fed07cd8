/**
 * The graph as the lints read it: every room's own definitions, and the owner of each type that several rooms define.
 */
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type StringValueNode,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql';

/** A finding of a lint. */
export interface Problem {
  room: string;
  /** `Product.name`, `Query.products(first:)`. */
  coordinate: string;
  /** The problem, and how to mend it. */
  message: string;
}

/** A type, or more of one, in one room. */
export interface TypeIn {
  room: string;
  name: string;
  kind: 'object' | 'interface' | 'input' | 'enum' | 'union' | 'scalar';
  /** Whether it is `extend type`. */
  extension: boolean;
  description?: StringValueNode | undefined;
  directives: readonly ConstDirectiveNode[];
  fields: readonly FieldDefinitionNode[];
  inputs: readonly InputValueDefinitionNode[];
  values: readonly { name: string; description?: StringValueNode | undefined }[];
}

/** The graph that the lints check. */
export interface Graph {
  rooms: readonly string[];
  types: readonly TypeIn[];
  /** The room that an entity belongs to; undefined for a type that is no entity. */
  ownerOf(type: string): string | undefined;
}

/** A room's part of the graph. */
export interface Part {
  name: string;
  /** The room's own definitions, without the shared ones. */
  own: DocumentNode;
}

export const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

/** Reads the rooms' parts. */
export function readGraph(parts: readonly Part[]): Graph {
  const types = parts.flatMap(({ name, own }) => own.definitions.flatMap((node) => typeIn(name, node) ?? []));
  const owners = new Map<string, string>();
  for (const [name, definitions] of Map.groupBy(types.filter(isEntity), (type) => type.name))
    owners.set(name, owner(definitions));
  return { rooms: parts.map(({ name }) => name), types, ownerOf: (type) => owners.get(type) };
}

/** Whether a type is an entity: it has a `@key`. */
const isEntity = (type: TypeIn): boolean =>
  type.kind === 'object' && type.directives.some(({ name }) => name.value === 'key');

/** Whether it only refers to another agent's entity. */
export const isReference = (type: TypeIn): boolean =>
  isEntity(type) && directive(type, 'key').every((key) => argument(key, 'resolvable') === false);

/** An entity's owner is the room that describes it, and of several the one that says the most about it. */
function owner(definitions: readonly TypeIn[]): string {
  const resolvable = definitions.filter((type) => !isReference(type));
  const described = resolvable.filter((type) => type.description);
  const candidates = described.length > 0 ? described : resolvable;
  return candidates.sort((a, b) => b.fields.length - a.fields.length)[0]?.room ?? 'another agent';
}

/** The fields of an entity's keys, at their top: `id sku`. */
export const keyFields = (type: TypeIn): Set<string> =>
  new Set(
    directive(type, 'key').flatMap(
      (key) =>
        String(argument(key, 'fields'))
          .replace(/\{[^}]*\}/g, '')
          .match(/\w+/g) ?? [],
    ),
  );

export const directive = (
  { directives = [] }: { directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): ConstDirectiveNode[] => directives.filter((node) => node.name.value === name);

export const argument = (node: ConstDirectiveNode, name: string): unknown => {
  const value = node.arguments?.find((candidate) => candidate.name.value === name)?.value;
  return value && valueFromASTUntyped(value);
};

export const has = (node: { directives?: readonly ConstDirectiveNode[] | undefined }, name: string): boolean =>
  directive(node, name).length > 0;

/** The name inside the lists and the exclamation marks. */
export const namedType = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);

export const isList = (type: TypeNode): boolean =>
  type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));

const KINDS: Partial<Record<DefinitionNode['kind'], TypeIn['kind']>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'object',
  [Kind.OBJECT_TYPE_EXTENSION]: 'object',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'interface',
  [Kind.INTERFACE_TYPE_EXTENSION]: 'interface',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'input',
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: 'input',
  [Kind.ENUM_TYPE_DEFINITION]: 'enum',
  [Kind.ENUM_TYPE_EXTENSION]: 'enum',
  [Kind.UNION_TYPE_DEFINITION]: 'union',
  [Kind.UNION_TYPE_EXTENSION]: 'union',
  [Kind.SCALAR_TYPE_DEFINITION]: 'scalar',
};

function typeIn(room: string, node: DefinitionNode): TypeIn | undefined {
  const kind = KINDS[node.kind];
  if (!kind || !('name' in node) || !node.name) return undefined;
  const isInput = kind === 'input';
  const fields = ('fields' in node ? node.fields : undefined) ?? [];
  const values = ('values' in node ? node.values : undefined) ?? [];
  return {
    room,
    name: node.name.value,
    kind,
    extension: node.kind.endsWith('Extension'),
    description: 'description' in node ? node.description : undefined,
    directives: (node.directives ?? []) as readonly ConstDirectiveNode[],
    fields: (isInput ? [] : fields) as readonly FieldDefinitionNode[],
    inputs: (isInput ? fields : []) as readonly InputValueDefinitionNode[],
    values: values.map(({ name, description }) => ({ name: name.value, description })),
  };
}
