import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { typeDefsOf } from '../../platform/graphql/type-defs.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { createSubgraph, type Subgraph } from '../../platform/graphql/subgraph.ts';
import { newId } from '../../platform/ids.ts';
import { composeSupergraph } from '../composition/compose.ts';
import { startGateway } from '../gateway.testing.ts';
import { graphOf } from '../graph/graph.ts';
import { AgentAway } from '../operations/agent-away.ts';

const ORDER = `
  type Query { order(id: ID!): Order @public }
  type Order @key(fields: "id") @node(prefix: "order") @public { id: ID! total: Int! payments: Payment }
  type Payment @key(fields: "id", resolvable: false) @authenticated { id: ID! }
`;
const PAYMENT = `
  type Query { payment(id: ID!): Payment @authenticated }
  type Payment @key(fields: "id") @node(prefix: "payment") @authenticated { id: ID! status: String }
  type Order @key(fields: "id") @public { id: ID! isPaid: Boolean }
`;

const order = newId('order');
const payment = newId('payment');
const anothers = newId('payment');

let asked: string[];
let isAway: boolean;

function subgraphs(): Subgraph[] {
  const orderOf = ({ id }: { id: string }) => {
    asked.push(`order ${id === order}`);
    return id === order ? { id, total: 7, payments: { __typename: 'Payment', id: payment } } : null;
  };
  const paymentOf = ({ id }: { id: string }, { actor }: RequestContext) => {
    asked.push(`payment ${actor.id}`);
    return id === payment && actor.id === 'ada' ? { id, status: 'CAPTURED' } : null;
  };
  const query = (find: (reference: { id: string }, context: RequestContext) => unknown) => ({
    order: (_: unknown, args: { id: string }, context: RequestContext) => find(args, context),
    payment: (_: unknown, args: { id: string }, context: RequestContext) => find(args, context),
  });
  const payments = createSubgraph('payment', typeDefsOf(PAYMENT), {
    Query: { payment: query(paymentOf).payment },
    Payment: { __resolveReference: paymentOf },
    // Payment resolves any order's id: whether there is such an order is not its business.
    Order: { __resolveReference: ({ id }: { id: string }) => ({ id, isPaid: true }) },
  });
  return [
    createSubgraph('order', typeDefsOf(ORDER), {
      Query: { order: query(orderOf).order },
      Order: { __resolveReference: orderOf },
    }),
    {
      ...payments,
      async execute(request, context) {
        if (isAway) throw new AgentAway('payment');
        return payments.execute(request, context);
      },
    },
  ];
}

let it: Awaited<ReturnType<typeof startGateway>>;
beforeEach(async () => {
  [asked, isAway] = [[], false];
  it = await startGateway({ subgraphs: subgraphs() });
});
afterEach(() => it.gateway.close());

async function ask(query: string, token?: string) {
  const response = await it.post(query, { token });
  const { extensions: _cost, ...answer } = (await response.json()) as Record<string, unknown>;
  return answer as {
    data?: Record<string, unknown> | null;
    errors?: { message: string; path: (string | number)[]; extensions: { code: string } }[];
  };
}

describe('a node', () => {
  test('is found by its id alone, with what each of its agents knows of it', async () => {
    const { data, errors } = await ask(`{ node(id: "${order}") { __typename id ... on Order { total isPaid } } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ node: { __typename: 'Order', id: order, total: 7, isPaid: true } });
  });

  test('is null for an unknown id, an unknown kind, and a malformed id', async () => {
    for (const id of [newId('order'), newId('lorry'), order.toUpperCase(), 'order_1', 'order', '', `${order}x`]) {
      expect(await ask(`{ node(id: "${id}") { id } }`)).toEqual({ data: { node: null } });
    }
  });

  test("is null for another customer's, though only its type is asked for", async () => {
    for (const id of [anothers, newId('payment')])
      expect(await ask(`{ node(id: "${id}") { __typename } }`, 'Bearer ada')).toEqual({ data: { node: null } });
    expect(await ask(`{ node(id: "${payment}") { __typename } }`, 'Bearer bob')).toEqual({ data: { node: null } });
    expect((await ask(`{ node(id: "${payment}") { id } }`, 'Bearer ada')).data).toEqual({ node: { id: payment } });
  });

  test('is denied by its type before its agent is asked, the same whether it exists or not', async () => {
    const answers = [];
    for (const id of [payment, newId('payment')]) answers.push(await ask(`{ node(id: "${id}") { id } }`));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]!.data).toEqual({ node: null });
    expect(answers[0]!.errors!.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['node'], 'UNAUTHENTICATED'],
    ]);
    expect(asked).toEqual([]);
    expect(it.world.logged.filter(({ fields }) => 'coordinates' in fields)).toHaveLength(2);
  });

  test('of a type that all may see is denied to no caller', async () => {
    expect((await ask(`{ node(id: "${order}") { id } }`)).data).toEqual({ node: { id: order } });
    expect(it.world.logged.filter(({ fields }) => 'coordinates' in fields)).toEqual([]);
  });

  test('of an agent that is away is an error of its field alone', async () => {
    isAway = true;
    const query = `{ first: node(id: "${order}") { id } second: node(id: "${payment}") { id } }`;
    const { data, errors } = await ask(query, 'Bearer ada');
    expect(data).toEqual({ first: { id: order }, second: null });
    expect(errors!.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['second'], 'UNAVAILABLE']]);
  });
});

describe('nodes', () => {
  test('come in the order of their ids, null where there is none, each kind asked once', async () => {
    const ids = [payment, newId('order'), order, 'nothing', order, anothers];
    const { data, errors } = await ask(`{ nodes(ids: ${JSON.stringify(ids)}) { id } }`, 'Bearer ada');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ nodes: [{ id: payment }, null, { id: order }, null, { id: order }, null] });
    expect(asked.toSorted()).toEqual(['order false', 'order true', 'payment ada', 'payment ada']);
  });

  test('lack those that are denied or whose agent is away, each with its own error', async () => {
    const query = `{ nodes(ids: ["${payment}", "${order}"]) { id } }`;
    const denied = await ask(query);
    expect(denied.data).toEqual({ nodes: [null, { id: order }] });
    expect(denied.errors!.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['nodes', 0], 'UNAUTHENTICATED'],
    ]);
    isAway = true;
    const away = await ask(query, 'Bearer ada');
    expect(away.data).toEqual({ nodes: [null, { id: order }] });
    expect(away.errors!.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['nodes', 0], 'UNAVAILABLE'],
    ]);
  });

  test('are a hundred at most', async () => {
    const ids = Array.from({ length: 101 }, () => newId('order'));
    const { errors } = await ask(`{ nodes(ids: ${JSON.stringify(ids)}) { id } }`);
    expect(errors![0]).toMatchObject({
      message: '`ids` holds at most 100 values.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(asked).toEqual([]);
  });
});

describe('the graph with nodes', () => {
  test('asks no further agent for a query without nodes', async () => {
    await ask(`{ order(id: "${order}") { id total isPaid ... on Node { id } } }`);
    expect(asked).toEqual(['order true']);
  });

  test('has another kind as soon as an agent declares one, and no `node` field without any', async () => {
    const lorry = `type Query { lorries: Int @public } type Lorry @key(fields: "id") @node(prefix: "lorry") @public { id: ID! }`;
    const lorries = createSubgraph('lorry', typeDefsOf(lorry), {
      Lorry: { __resolveReference: (it: object) => ({ ...it }) },
    });
    const id = newId('lorry');
    await it.gateway.swap(graphOf([...subgraphs(), lorries]));
    expect((await ask(`{ node(id: "${id}") { __typename id } }`)).data).toEqual({ node: { __typename: 'Lorry', id } });
    const plain = createSubgraph('plain', typeDefsOf('type Query { one: Int @public }'), {});
    expect(composeSupergraph([plain]).supergraphSdl).not.toContain('Node');
  });

  test('is refused where two agents claim one prefix or one type', () => {
    const part = (name: string, type: string, prefix: string) => ({
      name,
      typeDefs: typeDefsOf(
        `type Query { ${name}: Int @public } type ${type} @key(fields: "id") @node(prefix: "${prefix}") @public { id: ID! }`,
      ),
    });
    expect(() => composeSupergraph([part('a', 'One', 'thing'), part('b', 'Two', 'thing')])).toThrow(
      '@node: the prefix thing is declared by a and b.',
    );
    expect(() => composeSupergraph([part('a', 'One', 'one'), part('b', 'One', 'thing')])).toThrow(
      '@node: the type One is declared by a and b.',
    );
    expect(() => composeSupergraph([part('node', 'One', 'one')])).toThrow('No subgraph may be called node.');
  });
});
