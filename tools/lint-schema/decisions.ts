/** Lint of permissions: each root field and each object type has one decision, the same in every room. */
import { type ConstDirectiveNode, print } from 'graphql';
import { composeSupergraph } from '../../gateway/composition/compose.ts';
import { Supergraph } from '../../gateway/execution/apollo.ts';
import { decisionProblems } from '../../platform/gate/decisions.ts';
import { splitSupergraph } from '../../platform/gate/split-supergraph.ts';
import { ACTIONS } from '../../platform/identity/roles.ts';
import type { Room } from '../codegen/rooms.ts';
import { argument, type Graph, has, type Problem, ROOTS, type TypeIn } from './graph.ts';

const DECISIONS = ['public', 'authenticated', 'requiresScopes', 'policy'];
const WHICH = 'exactly one of @public, @authenticated, @requiresScopes and @policy';

/** The decisions of each room. */
export function decisions(graph: Graph): Problem[] {
  return graph.types
    .filter((type) => type.kind === 'object')
    .flatMap((type) => [...(ROOTS.has(type.name) ? ofRoot(type) : ofType(type, graph)), ...scopes(type, graph)]);
}

/** The decisions as composition merged them. */
export function composedDecisions(rooms: readonly Room[]): Problem[] {
  const { executionSdl, decisions } = splitSupergraph(composeSupergraph(rooms).supergraphSdl);
  const api = Supergraph.build(executionSdl).apiSchema().toGraphQLJSSchema();
  return decisionProblems(api, decisions).map((message) => ({ room: 'all rooms', coordinate: 'supergraph', message }));
}

function ofRoot({ room, name, fields }: TypeIn): Problem[] {
  return fields.flatMap((field) => {
    const coordinate = `${name}.${field.name.value}`;
    const found = decided(field.directives);
    if (found.length !== 1) return [{ room, coordinate, message: `has ${found.length} decisions: declare ${WHICH}.` }];
    const isCommand = scopesOf(found[0]!).some((scope) => scope.endsWith(':command'));
    return isCommand && !has(field, 'inaccessible')
      ? [{ room, coordinate, message: 'is for agents only: mark it @inaccessible.' }]
      : [];
  });
}

function ofType(type: TypeIn, graph: Graph): Problem[] {
  const { room, name: coordinate } = type;
  const found = decided(type.directives);
  if (type.extension && found.length === 0) return [];
  if (found.length !== 1) return [{ room, coordinate, message: `has ${found.length} decisions: declare ${WHICH}.` }];
  const owner = graph.ownerOf(type.name);
  const owners = graph.types.find((other) => other.room === owner && other.name === type.name && !other.extension);
  const [theirs] = decided(owners?.directives ?? []);
  if (owner === room || !theirs || print(theirs) === print(found[0]!)) return [];
  return [
    {
      room,
      coordinate,
      message: `is ${owner}'s, which declares ${print(theirs)}: composition merges them, so repeat that.`,
    },
  ];
}

function scopes({ room, name, directives, fields }: TypeIn, { rooms }: Graph): Problem[] {
  const places = [
    { coordinate: name, directives },
    ...fields.map((field) => ({ coordinate: `${name}.${field.name.value}`, directives: field.directives ?? [] })),
  ];
  return places.flatMap((place) =>
    decided(place.directives)
      .flatMap(scopesOf)
      .filter((scope) => !isScope(scope, rooms))
      .map((scope) => ({
        room,
        coordinate: place.coordinate,
        message: `"${scope}" is no scope: write <agent>:<action>, one of ${Object.keys(ACTIONS).join(', ')} (platform/identity/roles.ts).`,
      })),
  );
}

const isScope = (scope: string, rooms: readonly string[]): boolean => {
  const [agent, action, ...more] = scope.split(':');
  return more.length === 0 && rooms.includes(agent!) && Object.hasOwn(ACTIONS, action ?? '');
};

const decided = (directives: readonly ConstDirectiveNode[] = []): ConstDirectiveNode[] =>
  directives.filter(({ name }) => DECISIONS.includes(name.value));

const scopesOf = (node: ConstDirectiveNode): string[] =>
  node.name.value === 'requiresScopes' ? (argument(node, 'scopes') as string[][]).flat() : [];
