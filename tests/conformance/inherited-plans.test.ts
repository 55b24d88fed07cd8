/**
 * Plans of @apollo/query-planner 2.14.4 that lead to a wrong answer which the gateway does not mend. They cannot occur
 * in a graph that requires no field with different arguments, as ours. A test that fails here is good news.
 */
import { expect, test } from '@jest/globals';
import { federated } from './federated.ts';

const item = (resolvers: object) => ({ Item: { __resolveReference: (given: object) => ({ ...given }), ...resolvers } });

test('two fields that require the same one with different arguments get the same value, if both are asked for', async () => {
  const graph = await federated({
    shop: {
      sdl: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! price(currency: String): Int }',
      resolvers: {
        Query: { item: () => ({ id: 'i1' }) },
        ...item({ price: (_: unknown, { currency }: { currency: string }) => (currency === 'EUR' ? 9 : 10) }),
      },
    },
    post: {
      sdl: `type Item @key(fields: "id") {
          id: ID! price(currency: String): Int @external
          euros: Int @requires(fields: "price(currency: \\"EUR\\")")
          dollars: Int @requires(fields: "price(currency: \\"USD\\")")
        }`,
      resolvers: item({
        euros: ({ price }: { price: number }) => price,
        dollars: ({ price }: { price: number }) => price,
      }),
    },
  });
  try {
    const { data } = await graph.ask('{ item { euros dollars } }');
    expect(data).not.toEqual({ item: { euros: 9, dollars: 10 } });
  } finally {
    await graph.close();
  }
});
