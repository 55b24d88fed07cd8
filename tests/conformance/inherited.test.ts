/**
 * Answers of @apollo/gateway and its planner 2.14.4 that differ from those of one schema, each named. A test that fails
 * here is good news: the difference is gone, and our workaround can go too.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    shop: {
      sdl: `
        type Query { items: [Item]  broken: Int }
        type Item @key(fields: "id") { id: ID! name: String }`,
      resolvers: {
        Query: {
          items: () => [{ id: 'i1', name: 'One' }],
          broken: () => {
            throw new Error('broken');
          },
        },
      },
    },
    stock: {
      sdl: 'type Item @key(fields: "id") { id: ID! exact: Int! }',
      resolvers: { Item: { __resolveReference: () => null } },
    },
  });
});
afterAll(() => graph.close());

test('a missing value that must not be null gets an error from the gateway only where no subgraph reports one', async () => {
  const alone = await graph.ask('{ items { exact } }');
  expect(alone.data).toEqual({ items: [null] });
  expect(alone.errors!.map(({ path }) => path?.join('.'))).toEqual(['items.0.exact']);
  const beside = await graph.ask('{ items { exact } broken }');
  expect(beside.data).toEqual({ items: [null], broken: null });
  // One schema would report both.
  expect(beside.errors!.map(({ path }) => path?.join('.'))).toEqual(['broken']);
});
