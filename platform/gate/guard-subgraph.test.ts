import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createSubgraph } from '../graphql/subgraph.ts';
import { ANONYMOUS, type Actor, serviceActor } from '../identity/actor.ts';
import { actorWith, LINKS } from './compose.testing.ts';
import { guardSubgraph } from './guard-subgraph.ts';

const SDL = `${LINKS}
  type Query { open: Int @public own: Int @authenticated order: Order @public thing: Thing @public }
  type Mutation { refund(amount: Int = 1): Int @requiresScopes(scopes: [["order:write"]]) note: Int @public }
  type Subscription { told: Int @requiresScopes(scopes: [["order:read"]]) }
  type Order @key(fields: "id") @requiresScopes(scopes: [["order:read"]]) { id: ID! total: Int }
  interface Thing { id: ID }
  type Lamp implements Thing @public { id: ID }
  type Bill implements Thing @authenticated { id: ID }
`;

let ran: string[] = [];
beforeEach(() => void (ran = []));
const run =
  <T>(name: string, value: T) =>
  (): T => {
    ran.push(name);
    return value;
  };
const resolvers = {
  Query: {
    open: run('open', 1),
    own: run('own', 2),
    order: run('order', { id: 'o1', total: 3 }),
    thing: run('thing', { __typename: 'Lamp', id: 'l1' }),
  },
  Mutation: { refund: run('refund', 4), note: run('note', 5) },
  Subscription: { told: { subscribe: run('told', (async function* () {})()) } },
  Order: { __resolveReference: run('reference', { id: 'o1', total: 3 }) },
};
const subgraphOf = (sdl: string) => createSubgraph('small', parse(sdl), resolvers);
const onError = (error: unknown): never => {
  throw error;
};
const guarded = guardSubgraph(subgraphOf(SDL), { onError });
const contextOf = (actor: Actor) => ({ actor, correlationId: 'req_1' });
const ask = async (query: string, actor: Actor, variables?: Record<string, unknown>) => {
  const { data, errors } = await guarded.execute({ query, variables }, contextOf(actor));
  return {
    data: data && JSON.parse(JSON.stringify(data)),
    codes: (errors ?? []).map(({ extensions }) => extensions.code),
  };
};

describe('an agent that is asked by another', () => {
  test('answers any request on that agent’s own behalf', async () => {
    const query = 'mutation { refund note }';
    expect(await ask(query, serviceActor('other'))).toEqual({ data: { refund: 4, note: 5 }, codes: [] });
  });

  test('answers a request on behalf of a user who may ask it', async () => {
    expect(await ask('{ open own }', actorWith())).toEqual({ data: { open: 1, own: 2 }, codes: [] });
    const reads = actorWith({ scopes: ['order:read'] });
    expect(await ask('{ order { total } }', reads)).toEqual({ data: { order: { total: 3 } }, codes: [] });
  });

  test('refuses a request whole on behalf of a user who may not ask for a part of it', async () => {
    expect(await ask('{ open own }', ANONYMOUS)).toEqual({ data: undefined, codes: ['UNAUTHENTICATED'] });
    expect(await ask('{ open order { total } }', actorWith())).toEqual({ data: undefined, codes: ['FORBIDDEN'] });
    expect(await ask('mutation { note refund }', actorWith())).toEqual({ data: undefined, codes: ['FORBIDDEN'] });
    expect(ran).toEqual([]);
  });

  test('resolves no reference to a type that denies it, and answers its own SDL', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { total } } }';
    const variables = { r: [{ __typename: 'Order', id: 'o1' }] };
    expect(await ask(query, actorWith(), variables)).toEqual({ data: undefined, codes: ['FORBIDDEN'] });
    expect(ran).toEqual([]);
    expect((await ask(query, actorWith({ scopes: ['order:read'] }), variables)).data._entities).toEqual([{ total: 3 }]);
    expect((await ask('{ _service { sdl } }', ANONYMOUS)).codes).toEqual([]);
  });

  test('refuses a selection of an interface with a denied type', async () => {
    expect(await ask('{ thing { id } }', ANONYMOUS)).toEqual({ data: undefined, codes: ['FORBIDDEN'] });
    expect((await ask('{ thing { id } }', actorWith())).data).toEqual({ thing: { id: 'l1' } });
  });

  test('opens no denied subscription', async () => {
    const opened = await guarded.subscribe({ query: 'subscription { told }' }, contextOf(actorWith()));
    expect(opened).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(ran).toEqual([]);
  });

  test('answers the validation errors of an invalid document', async () => {
    const { errors } = await guarded.execute({ query: '{ none }' }, contextOf(actorWith()));
    expect(errors![0]!.message).toContain('Cannot query field');
  });

  test('answers agents alone while one of its coordinates has no decision, or one that cannot be read', async () => {
    for (const [sdl, complaint] of [
      [SDL.replace('open: Int @public', 'open: Int'), 'Query.open'],
      [
        SDL.replace('"@authenticated"', '{ name: "@authenticated", as: "@in" }').replaceAll(
          ' @authenticated ',
          ' @in ',
        ),
        '@authenticated',
      ],
    ] as const) {
      const broken = guardSubgraph(subgraphOf(sdl), { onError });
      await expect(broken.execute({ query: '{ own }' }, contextOf(actorWith()))).rejects.toThrow(complaint);
      expect((await broken.execute({ query: '{ own }' }, contextOf(serviceActor('other')))).errors).toBeUndefined();
    }
  });
});
