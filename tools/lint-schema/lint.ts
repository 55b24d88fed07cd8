import type { Room } from '../codegen/rooms.ts';
import { composedDecisions, decisions } from './decisions.ts';
import { descriptions } from './descriptions.ts';
import { type Part, type Problem, readGraph } from './graph.ts';
import { lists } from './lists.ts';
import { mutations } from './mutations.ts';
import { names } from './names.ts';
import { nullability } from './nullability.ts';
import { texts } from './texts.ts';

/** All lints over all rooms and their shared definitions. */
export function lintSchema(rooms: readonly Room[]): Problem[] {
  const graph = readGraph([...rooms, ...shared(rooms)]);
  const problems = [decisions, descriptions, nullability, lists, mutations, names, texts].flatMap((lint) =>
    lint(graph),
  );
  // A problem of one room shows in the composed graph as well, less clearly: one thing after the other.
  return problems.length > 0 ? problems : composedDecisions(rooms);
}

const shared = (rooms: readonly Room[]): Part[] => (rooms[0] ? [{ name: 'platform', own: rooms[0].shared }] : []);
