import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildASTSchema, type DocumentNode, type GraphQLSchema } from 'graphql';
import { roomSdl } from '../../platform/graphql/room-sdl.ts';
import { ownTypeDefsOf, typeDefsOf } from '../../platform/graphql/type-defs.ts';

/** A room as the generators see it. */
export interface Room {
  name: string;
  directory: string;
  typeDefs: DocumentNode;
  /** The room's own definitions of them, the derived ones included, and those that it shares with all others. */
  own: DocumentNode;
  shared: DocumentNode;
  /** The schema of the room itself, without the fields that federation adds. */
  schema: GraphQLSchema;
}

/** All rooms, in the order of their names. */
export function loadRooms(): Room[] {
  return readdirSync('subgraphs', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join('subgraphs', entry.name, 'schema.graphql')))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const directory = join('subgraphs', name);
      return { name, directory, ...readRoom(roomSdl(directory)) };
    });
}

/** A room's part of the graph out of its SDL. */
export function readRoom(sdl: string): Omit<Room, 'name' | 'directory'> {
  const typeDefs = typeDefsOf(sdl);
  const schema = buildASTSchema(typeDefs, { assumeValidSDL: true });
  return { typeDefs, own: ownTypeDefsOf(sdl), shared: typeDefsOf(''), schema };
}
