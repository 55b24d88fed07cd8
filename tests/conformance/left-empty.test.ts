/** Selections that `@skip` and `@include` leave empty: the field is resolved all the same, as by one schema. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { federated, type Federated } from './federated.ts';

let graph: Federated;
beforeAll(async () => {
  graph = await federated({
    shop: {
      sdl: `
        type Query { items: [Item]  item: Item  any: [Any]  broken: Item }
        type Mutation { touch: Item }
        interface Any { id: ID! }
        type Other implements Any { id: ID! }
        type Item implements Any @key(fields: "id") { id: ID! name: String }`,
      resolvers: {
        Query: {
          items: () => [{ id: 'i1', name: 'One' }, null],
          item: () => ({ id: 'i1' }),
          any: () => [
            { __typename: 'Other', id: 'o1' },
            { __typename: 'Item', id: 'i1' },
          ],
          broken: () => {
            throw new Error('broken');
          },
        },
        Mutation: { touch: () => ({ id: 'i1' }) },
        Item: { __resolveReference: ({ id }: { id: string }) => ({ id, name: 'One' }) },
      },
    },
    stock: {
      sdl: 'type Item @key(fields: "id") { id: ID! left: Stock } type Stock { count: Int }',
      resolvers: { Item: { __resolveReference: ({ id }: { id: string }) => ({ id, left: { count: 1 } }) } },
    },
  });
});
afterAll(() => graph.close());

test.each([
  ['a list', '{ items { name @skip(if: $yes) } }', { items: [{}, null] }],
  ['a list under a condition', '{ items @include(if: $yes) { name @skip(if: $yes) } }', { items: [{}, null] }],
  ['a spread', '{ item { ...F @skip(if: $yes) } } fragment F on Item { id name }', { item: {} }],
  ['a spread of such', '{ item { ...F } } fragment F on Item { ... @skip(if: $yes) { id } }', { item: {} }],
  ['what is written', '{ item { id @skip(if: true) name @skip(if: $yes) } }', { item: {} }],
  ['a joined object', '{ item { id left { count @skip(if: $yes) } } }', { item: { id: 'i1', left: {} } }],
  ['an interface', '{ any { ... on Item @skip(if: $yes) { id } } }', { any: [{}, {}] }],
  ['not all of it', '{ any { ... on Item { id } ... on Other @skip(if: $yes) { id } } }', { any: [{}, { id: 'i1' }] }],
])('%s', async (_, selection, data) => {
  for (let times = 0; times < 2; times++)
    expect(await graph.ask(`query ($yes: Boolean!) ${selection}`, { yes: true })).toEqual({ data });
});

test('an empty selection of a mutation: it is executed', async () => {
  const query = 'mutation ($yes: Boolean!) { touch { name @skip(if: $yes) } }';
  expect(await graph.ask(query, { yes: true })).toEqual({ data: { touch: {} } });
});

test('an empty selection of a field that fails: its error is told', async () => {
  const query = 'query ($yes: Boolean!) { broken { name @skip(if: $yes) } }';
  const { data, errors } = await graph.ask(query, { yes: true });
  expect([data, errors!.map(({ path }) => path)]).toEqual([{ broken: null }, [['broken']]]);
});
