/** Errors of one subgraph: told at their path in the whole answer, at the cost that nullability asks, and no other. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { federated, type Federated } from './federated.ts';

const items = ['i1', 'i2', 'i3'].map((id) => ({ id }));
const refuse = (id: string) => {
  throw new GraphQLError(`no ${id}`, { extensions: { code: 'SHELF_COLLAPSED' } });
};

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    shop: {
      sdl: `
        type Query { items: [Item!]!  maybe: [Item]  one: Item  sure: Item! }
        type Item @key(fields: "id") { id: ID! }`,
      resolvers: {
        Query: { items: () => items, maybe: () => items, one: () => items[0], sure: () => items[1] },
        Item: { __resolveReference: (item: object) => ({ ...item }) },
      },
    },
    stock: {
      sdl: `
        type Item @key(fields: "id") { id: ID! stock: Int  exact: Int!  places: [Place!] }
        type Place { name: String!  shelf: Shelf! }
        type Shelf { level: Int! }`,
      resolvers: {
        Item: {
          __resolveReference: ({ id }: { id: string }) => (id === 'i3' ? null : { id }),
          stock: ({ id }: { id: string }) => (id === 'i2' ? refuse(id) : 5),
          exact: ({ id }: { id: string }) => (id === 'i2' ? null : 5),
          places: () => [
            { name: 'A', shelf: { level: 1 } },
            { name: 'B', shelf: {} },
          ],
        },
      },
    },
  });
});
afterAll(() => graph.close());
beforeEach(() => graph.down.clear());

const at = ({ errors }: Awaited<ReturnType<Federated['ask']>>) => errors?.map(({ path }) => path?.join('.'));

test('an error of one entity of a list is told at its place in the list', async () => {
  const answer = await graph.ask('{ maybe { id stock } }');
  expect(answer.data).toEqual({
    maybe: [
      { id: 'i1', stock: 5 },
      { id: 'i2', stock: null },
      { id: 'i3', stock: null },
    ],
  });
  expect(at(answer)).toEqual(['maybe.1.stock']);
  // The error's message and code are not known to be meant for clients.
  expect(answer.errors![0]!.extensions!.code).toBe('INTERNAL_SERVER_ERROR');
  expect(JSON.stringify(answer.errors)).not.toContain('no i2');
});

test('a null where none may be nulls its entity, where that may be null', async () => {
  const answer = await graph.ask('{ maybe { id exact } }');
  expect(answer.data.maybe).toEqual([{ id: 'i1', exact: 5 }, null, null]);
  expect(at(answer)!.length).toBeGreaterThan(0);
});

test('a null where none may be nulls every parent that must not be null, up to the whole answer', async () => {
  const answer = await graph.ask('{ one { id } items { exact } }');
  expect(answer.data).toBeNull();
  expect(at(answer)!.length).toBeGreaterThan(0);
});

test("a null deep in another subgraph's field nulls only the part that must go", async () => {
  const answer = await graph.ask('{ one { id places { name shelf { level } } } }');
  expect(answer.data).toEqual({ one: { id: 'i1', places: null } });
  expect(at(answer)).toEqual(['one.places.1.shelf.level']);
});

test('a subgraph that is away costs its fields, and the error tells no address', async () => {
  graph.down.add('stock');
  const answer = await graph.ask('{ items { id stock } }');
  expect(answer.data).toEqual({ items: items.map(({ id }) => ({ id, stock: null })) });
  expect(new Set(answer.errors!.map(({ extensions }) => extensions!.code))).toEqual(new Set(['UNAVAILABLE']));
  expect(JSON.stringify(answer)).not.toMatch(/127\.0\.0\.1|ECONN|http:/);
});

test('a query whose connection a subgraph closes is retried', async () => {
  graph.closing.add('stock');
  expect(await graph.ask('{ one { id stock } }')).toEqual({ data: { one: { id: 'i1', stock: 5 } } });
  expect(graph.closing.size).toBe(0);
});

test('a subgraph that is away where nothing may be null costs the answer', async () => {
  graph.down.add('shop');
  const answer = await graph.ask('{ sure { id } }');
  expect(answer.data).toBeNull();
  expect(answer.errors![0]!.extensions!.code).toBe('UNAVAILABLE');
});
