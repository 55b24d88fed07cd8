/**
 * Connections that a room names and does not write: a list of products is `products(first: Int, after: String):
 * ProductConnection`, and `ProductConnection` and `ProductEdge` (https://relay.dev/graphql/connections.htm) are derived
 * from `Product`. One that the room defines stays as it is; one that the room only extends is derived and extended.
 */
import {
  type DefinitionNode,
  type DocumentNode,
  isTypeDefinitionNode,
  Kind,
  type InterfaceTypeDefinitionNode,
  type InterfaceTypeExtensionNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  print,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql';
import { pluralOf, wordsOf } from '../text/nouns.ts';

/** Directives of the listed type that its connection and edge repeat: a page is seen by those who see what is on it. */
const REPEATED = new Set(['public', 'authenticated', 'requiresScopes', 'policy', 'inaccessible']);

/**
 * A room's SDL with the connections and edges that it names as the types of fields and does not define.
 * @param shared names of types that all rooms share, which need not be derived
 * @throws Error that names the fields, if the room has no object type to list, or only another room's entity: then the
 * nodes of a page must be nullable, and the connection of that name is the owner's
 */
export function withConnections(sdl: DocumentNode, shared: ReadonlySet<string> = new Set()): DocumentNode {
  const defined = new Set([...shared, ...sdl.definitions.filter(isTypeDefinitionNode).map(({ name }) => name.value)]);
  const missing = sdl.definitions.flatMap(fieldsOf).filter(({ type }) => !defined.has(type));
  const derived = [...Map.groupBy(missing, ({ type }) => type)].flatMap(([connection, fields]) => {
    const node = /^(\w+)Connection$/.exec(connection)?.[1];
    if (!node) return [];
    const listed = sdl.definitions.filter(isObject).filter(({ name }) => name.value === node);
    if (listed.length === 0) throw nothingToList(connection, node, fields);
    if (listed.some(isOfAnotherRoom)) throw listOfAnotherRoom(connection, node, fields);
    return pairOf(node, listed.flatMap(repeatedOf).join(' ')).filter(({ name }) => !defined.has(name.value));
  });
  return derived.length > 0 ? { ...sdl, definitions: [...sdl.definitions, ...derived] } : sdl;
}

/** A field and the named type of its value. */
interface TypedField {
  /** `Query.products`. */
  coordinate: string;
  type: string;
}

function pairOf(node: string, directives: string): TypeDefinitionNode[] {
  const one = wordsOf(node);
  const many = pluralOf(one);
  const text = `
    "A page of ${many}."
    type ${node}Connection ${directives} {
      "The ${many} of this page, each with its cursor."
      edges: [${node}Edge!]!
      "The ${many} of this page."
      nodes: [${node}!]!
      "Whether there are more, and the cursors of the first and the last of this page."
      pageInfo: PageInfo!
      "Number of ${many} on all pages. Counted only when asked for."
      totalCount: Int!
    }

    "One ${one} of a page, with its cursor."
    type ${node}Edge ${directives} {
      "The ${one}."
      node: ${node}!
      "Cursor of the ${one}: give it as \`after\` to get what follows it."
      cursor: String!
    }`;
  return parse(text, { noLocation: true }).definitions.filter(isTypeDefinitionNode);
}

const nothingToList = (connection: string, node: string, fields: readonly TypedField[]): Error =>
  new Error(
    `${connection} cannot be derived for ${coordinatesOf(fields)}: this room has no object type ${node}. ` +
      `Define ${node}, or write ${connection} by hand.`,
  );

const listOfAnotherRoom = (connection: string, node: string, fields: readonly TypedField[]): Error =>
  new Error(
    `${connection} cannot be derived for ${coordinatesOf(fields)}: ${node} is another room's, and so is its ` +
      `connection. List a type of this room's own that has a nullable ${node}.`,
  );

const coordinatesOf = (fields: readonly TypedField[]): string => fields.map(({ coordinate }) => coordinate).join(', ');

/** Whether the room only refers to the entity: `@key(fields: "id", resolvable: false)`. */
const isOfAnotherRoom = ({ directives = [] }: ObjectTypeDefinitionNode | ObjectTypeExtensionNode): boolean =>
  directives.some(
    ({ name, arguments: args = [] }) =>
      name.value === 'key' &&
      args.some(
        (one) => one.name.value === 'resolvable' && one.value.kind === Kind.BOOLEAN && one.value.value === false,
      ),
  );

function fieldsOf(definition: DefinitionNode): TypedField[] {
  if (!isObject(definition) && !isInterface(definition)) return [];
  return (definition.fields ?? []).map(({ name, type }) => ({
    coordinate: `${definition.name.value}.${name.value}`,
    type: namedType(type),
  }));
}

const repeatedOf = ({ directives = [] }: ObjectTypeDefinitionNode | ObjectTypeExtensionNode): string[] =>
  directives.filter(({ name }) => REPEATED.has(name.value)).map((directive) => print(directive));

const namedType = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type));

const isObject = (node: DefinitionNode): node is ObjectTypeDefinitionNode | ObjectTypeExtensionNode =>
  node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION;

const isInterface = (node: DefinitionNode): node is InterfaceTypeDefinitionNode | InterfaceTypeExtensionNode =>
  node.kind === Kind.INTERFACE_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_EXTENSION;
