import { expect, test } from '@jest/globals';
import { GraphQLScalarType } from 'graphql';
import { ANONYMOUS } from '../identity/actor.ts';
import { money } from '../money.ts';
import { resolversOf } from './resolvers.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

const typeDefs = typeDefsOf(`
  type Query { prices: PriceConnection! refuse(with: String): Refusal! price(minor: BigInt!, currency: CurrencyCode!): Money! }
  type PriceConnection { nodes: [Money!]! totalCount: Int! }
  type Refusal { userErrors: [UserError!]! }
  type TooLittle implements UserError { code: ErrorCode! message: String! path: [String!] left: Int! }
`);

let counted = 0;
const resolvers = resolversOf(typeDefs, {
  Query: {
    price: (_: unknown, { minor, currency }: { minor: bigint; currency: string }) => money(minor, currency),
    prices: () => ({
      nodes: [money(1234, 'EUR'), money(500, 'JPY'), money(-5, 'KWD')],
      get totalCount() {
        counted++;
        return Promise.resolve(3);
      },
    }),
    refuse: (_: unknown, args: { with?: string }) => ({
      userErrors: [{ code: 'INVALID_INPUT', message: 'No.', path: ['input'], __typename: args.with, left: 2 }],
    }),
  },
});
const subgraph = createSubgraph('small', typeDefs, resolvers);
const ask = async (query: string) => {
  const { data, errors } = await subgraph.execute({ query }, { actor: ANONYMOUS, correlationId: 'req_1' });
  return errors ?? JSON.parse(JSON.stringify(data));
};

test('money is answered in major and in minor units', async () => {
  expect(await ask('{ prices { nodes { amount minor currency } } }')).toEqual({
    prices: {
      nodes: [
        { amount: '12.34', minor: '1234', currency: 'EUR' },
        { amount: '500', minor: '500', currency: 'JPY' },
        { amount: '-0.005', minor: '-5', currency: 'KWD' },
      ],
    },
  });
});

test('the total of a connection is awaited, and counted only when it is selected', async () => {
  counted = 0;
  await ask('{ prices { nodes { minor } } }');
  expect(counted).toBe(0);
  expect(await ask('{ prices { totalCount } }')).toEqual({ prices: { totalCount: 3 } });
  expect(counted).toBe(1);
});

test('a user error has its concrete type, or the simple one', async () => {
  const selection = '{ userErrors { __typename code message path ... on TooLittle { left } } }';
  expect(await ask(`{ refuse ${selection} }`)).toEqual({
    refuse: { userErrors: [{ __typename: 'SimpleUserError', code: 'INVALID_INPUT', message: 'No.', path: ['input'] }] },
  });
  expect(await ask(`{ refuse(with: "TooLittle") ${selection} }`)).toMatchObject({
    refuse: { userErrors: [{ __typename: 'TooLittle', left: 2 }] },
  });
});

test('scalars are checked on the way in', async () => {
  expect(await ask('{ price(minor: "12", currency: "EUR") { amount } }')).toEqual({ price: { amount: '0.12' } });
  const refused = await ask('{ price(minor: "12", currency: "XXY") { amount } }');
  expect(refused).toEqual([expect.objectContaining({ message: expect.stringContaining('"XXY"') })]);
});

test('a room adds fields to a shared type and keeps the others, and its own scalar replaces the shared one', () => {
  const own = new GraphQLScalarType({ name: 'JSON' });
  const merged = resolversOf(typeDefs, { Money: { shown: () => 'x' }, JSON: own }) as Record<string, any>;
  expect(Object.keys(merged.Money)).toEqual(['amount', 'shown']);
  expect(merged.JSON).toBe(own);
});

test('capabilities resolve fields of the same type together, but no field twice', () => {
  const price = () => money(1, 'EUR');
  const both = resolversOf(typeDefs, [{ Query: { price } }, { Query: { refuse: () => ({}) } }]);
  expect(Object.keys(both.Query!)).toEqual(['price', 'refuse']);
  expect(() => resolversOf(typeDefs, [{ Query: { price } }, { Query: { price } }])).toThrow(
    'Query.price is resolved by two capabilities of the room: keep one',
  );
});
