/** The `world.ts` of every room that has one, found like its `agent.ts`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { agentNames } from '../../../subgraphs/index.ts';
import type { RoomWorld } from './room-world.ts';

const ROOMS = join(import.meta.dirname, '../../../subgraphs');

const found = agentNames().filter((name) => existsSync(join(ROOMS, name, 'world.ts')));

/** By the rooms' names, each after the rooms that it builds on. */
export const ROOM_WORLDS: ReadonlyMap<string, RoomWorld> = inOrder(
  new Map(
    await Promise.all(
      found.map(async (name) => [name, (await import(join(ROOMS, name, 'world.ts'))).world as RoomWorld] as const),
    ),
  ),
);

/** One kind of exception of the walk, from all worlds. */
export const exceptions = (
  kind: 'mutationsOfOutsideThings' | 'references' | 'subscriptionsWithOwnCursors' | 'listsOfOwn' | 'listsOfSome',
): readonly string[] => [...ROOM_WORLDS.values()].flatMap((world) => world[kind] ?? []);

function inOrder(worlds: ReadonlyMap<string, RoomWorld>): Map<string, RoomWorld> {
  const ordered = new Map<string, RoomWorld>();
  const add = (name: string, behind: readonly string[]): void => {
    if (behind.includes(name)) throw new Error(`The worlds of ${[...behind, name].join(', ')} wait for one another.`);
    const world = worlds.get(name);
    if (!world || ordered.has(name)) return;
    for (const other of world.after ?? []) add(other, [...behind, name]);
    ordered.set(name, world);
  };
  for (const name of worlds.keys()) add(name, []);
  return ordered;
}
