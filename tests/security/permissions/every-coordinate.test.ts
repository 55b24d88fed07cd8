/**
 * The gate over the whole graph, as the rooms compose it now: every field of every type, asked by every role and by
 * keys of every single scope. The expectations are the oracle's, which shares no code with the gate.
 */
import { describe, expect, test } from '@jest/globals';
import { getNamedType, isObjectType, parse, validate } from 'graphql';
import { composeSupergraph } from '../../../gateway/composition/compose.ts';
import { apiSchemaOf } from '../../../platform/gate/compose.testing.ts';
import { createGate } from '../../../platform/gate/gate.ts';
import { splitSupergraph } from '../../../platform/gate/split-supergraph.ts';
import { ANONYMOUS, Actor } from '../../../platform/identity/actor.ts';
import { ROLES } from '../../../platform/identity/roles.ts';
import { loadRooms } from '../../../tools/codegen/rooms.ts';
import { declarations, type Declared, HOLDS, type Holder, passes } from './oracle.ts';
import { type Route, routes, type Step } from './routes.ts';

const { supergraphSdl } = composeSupergraph(loadRooms());
const split = splitSupergraph(supergraphSdl);
const schema = apiSchemaOf(split);
const declared = declarations(supergraphSdl);
const gate = createGate(schema, split.decisions, {
  policies: {},
  onError(error) {
    throw error;
  },
});

interface Caller extends Holder {
  name: string;
  actor: Actor;
}

const scopes = [...new Set([...declared.values()].flatMap((one) => one.scopes?.flat() ?? []))];
const callers: Caller[] = [
  { name: 'nobody', actor: ANONYMOUS, isAnonymous: true, holds: () => false },
  ...ROLES.map((role) => ({
    name: role,
    actor: new Actor({ id: `user_${role}`, roles: [role] }),
    isAnonymous: false,
    holds: HOLDS[role]!,
  })),
  ...scopes.map((scope) => ({
    name: `a key with ${scope}`,
    actor: new Actor({ id: 'key_1', roles: [], scopes: [scope] }),
    isAnonymous: false,
    holds: (agent: string, action: string) => `${agent}:${action}` === scope,
  })),
];

/** The declarations that a field must meet: those of its type, of itself, and of the type that it leads to. */
function demands({ type, field }: Step, next: string): (Declared | undefined)[] {
  const isRoot = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);
  return [isRoot ? undefined : declared.get(type.name), declared.get(`${type.name}.${field.name}`), declared.get(next)];
}

const isOpenTo =
  (caller: Holder) =>
  (step: Step): boolean =>
    demands(step, getNamedType(step.field.type).name).every((demand) => passes(caller, demand));

/** The first field on the way that the caller may not ask for. */
const deniedAt = (route: Route, caller: Holder): string | undefined =>
  route.steps.filter((step) => !isOpenTo(caller)(step)).map(({ type, field }) => `${type.name}.${field.name}`)[0];

describe('every coordinate of the graph', () => {
  test('has a decision: a root field its own, every other field its type', () => {
    const roots = ['Query', 'Mutation', 'Subscription'];
    const undecided = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
      .flatMap((type) =>
        roots.includes(type.name)
          ? Object.keys((type as never as { getFields(): object }).getFields()).map((name) => `${type.name}.${name}`)
          : [type.name],
      )
      .filter((coordinate) => !declared.has(coordinate));
    expect(undecided).toEqual([]);
  });

  test('can be asked for by a valid document', () => {
    const all = routes(schema, () => true);
    expect(all.length).toBeGreaterThan(400);
    for (const { coordinate, query } of all)
      expect({ coordinate, errors: validate(schema, parse(query)) }).toEqual({ coordinate, errors: [] });
  });

  test.each(callers)('is open to $name where it is declared to be, and nowhere else', async (caller) => {
    const wrong: string[] = [];
    for (const route of routes(schema, isOpenTo(caller))) {
      const document = parse(route.query);
      const verdict = await gate.check({ document, variables: route.variables, actor: caller.actor });
      const errors = errorsOf(verdict);
      const denied = errors[0]?.extensions.coordinate as string | undefined;
      const expected = deniedAt(route, caller);
      const code = caller.isAnonymous ? 'UNAUTHENTICATED' : 'FORBIDDEN';
      if (
        denied !== expected ||
        (verdict.kind === 'allowed') !== !expected ||
        (denied && errors[0]!.extensions.code !== code)
      )
        wrong.push(`${route.coordinate}: ${verdict.kind} ${denied ?? ''}, but expected ${expected ?? 'allowed'}`);
      const isChange = !route.query.startsWith('query');
      if (expected && isChange && expected === rootOf(route) && verdict.kind !== 'refused')
        wrong.push(`${route.coordinate}: the operation goes on without its root`);
    }
    expect(wrong).toEqual([]);
  });
});

const rootOf = ({ steps: [root] }: Route): string => `${root!.type.name}.${root!.field.name}`;

const errorsOf = (verdict: Awaited<ReturnType<typeof gate.check>>) => {
  if (verdict.kind === 'allowed') return [];
  return (verdict.kind === 'refused' ? verdict.result : verdict.finish({ data: {} })).errors ?? [];
};
