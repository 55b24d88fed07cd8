/** Whether the words of a new room are free: nothing that its SDL defines may be another room's. */
import { existsSync } from 'node:fs';
import { type DefinitionNode, type DirectiveNode, isObjectType, isTypeDefinitionNode, Kind } from 'graphql';
import { readRoom, type Room } from '../codegen/rooms.ts';
import { fillTemplates } from './fill.ts';
import type { Words } from './words.ts';

/**
 * Checks that the words are free, before anything is written. @throws RangeError if the name, or anything that it brings
 * to the graph, is another room's
 */
export function checkFree(words: Words, rooms: readonly Room[]): void {
  const { name, Type } = words;
  if (existsSync(`subgraphs/${name}`)) throw new RangeError(`There is an agent "${name}" already: subgraphs/${name}.`);
  const { own } = readRoom(sdlOf(words));
  for (const room of rooms) {
    // The prefix of ids is the name, everything else comes from the title.
    if (prefixesOf(room.own.definitions).includes(name))
      throw new RangeError(`${room.name} has ids that begin with \`${name}_\` already: choose another name.`);
    const all = own.definitions.flatMap((definition) => takenIn(room, definition) ?? []);
    const taken = all.find((one) => one === `type ${Type}`) ?? all.find((one) => one.startsWith('type ')) ?? all[0];
    if (taken)
      throw new RangeError(
        `${room.name} has \`${taken}\` in its part of the graph already: give this one another --title.`,
      );
  }
}

const sdlOf = (words: Words): string =>
  fillTemplates(words)
    .filter(({ path }) => path.endsWith('/schema.graphql'))
    .map(({ text }) => text)
    .join('\n');

/** What the room has of a definition: the type, or a field of a type to which all rooms add fields. */
function takenIn({ schema }: Room, definition: DefinitionNode): string | undefined {
  if (!isTypeDefinitionNode(definition)) return undefined;
  const { value: name } = definition.name;
  const type = schema.getType(name);
  if (!type) return undefined;
  if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || !isSharedBetweenRooms(definition)) return `type ${name}`;
  if (!isObjectType(type)) return `type ${name}`;
  const key = keyOf(definition.directives);
  const field = definition.fields?.find(({ name: { value } }) => value !== key && value in type.getFields());
  if (!field) return undefined;
  return isRoot(name) ? field.name.value : `${name}.${field.name.value}`;
}

/** Whether rooms share a type: a root, or the entity of another room, which has no prefix of ids here. */
const isSharedBetweenRooms = ({
  name,
  directives = [],
}: DefinitionNode & { name: { value: string } } & {
  directives?: readonly DirectiveNode[];
}): boolean => isRoot(name.value) || (keyOf(directives) !== undefined && !directives.some(isNode));

const isRoot = (name: string): boolean => ['Query', 'Mutation', 'Subscription'].includes(name);
const isNode = ({ name }: DirectiveNode): boolean => name.value === 'node';

const keyOf = (directives: readonly DirectiveNode[] = []): string | undefined =>
  argument(
    directives.find(({ name }) => name.value === 'key'),
    'fields',
  );

/** The prefixes of ids that definitions declare. */
const prefixesOf = (definitions: readonly DefinitionNode[]): string[] =>
  definitions.flatMap((definition) =>
    'directives' in definition
      ? (definition.directives ?? []).filter(isNode).flatMap((node) => argument(node, 'prefix') ?? [])
      : [],
  );

function argument(directive: DirectiveNode | undefined, name: string): string | undefined {
  const value = directive?.arguments?.find((one) => one.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
