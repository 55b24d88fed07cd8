/** What TypeScript knows of resolvers by the generated types: `tsc` fails where one of these is no error any more. */
import { expect, test } from '@jest/globals';
import type { Resolvers as CustomerResolvers } from '../../subgraphs/customer/resolvers.generated.ts';
import type { ErrorCode, Resolvers } from '../../subgraphs/order/resolvers.generated.ts';

test('parents, arguments, contexts and answers of resolvers are typed, of shared types too', () => {
  const right: CustomerResolvers = {
    Query: { customer: (_, { id }, { actor }) => (id === actor.id ? null : null) },
    Customer: { email: (customer) => customer.email.toLowerCase() },
    Money: { minor: (money) => money.minor },
  };
  const wrong: CustomerResolvers[] = [
    // @ts-expect-error: no such field of the parent
    { Customer: { email: (customer) => customer.nothing } },
    // @ts-expect-error: no such argument
    { Query: { customer: (_, { nothing }) => nothing } },
    // @ts-expect-error: no such part of the context
    { Query: { customer: (_, _args, { nothing }) => nothing } },
    // @ts-expect-error: a number for a text
    { Customer: { email: () => 1 } },
    // @ts-expect-error: null where the graph has none
    { Customer: { version: () => null } },
    // @ts-expect-error: no such field of the parent, a shared type
    { Money: { minor: (money) => money.nothing } },
    // @ts-expect-error: a number for a decimal
    { Money: { amount: () => 12.34 } },
    // @ts-expect-error: no such field of a root
    { Query: { nothing: () => null } },
    // @ts-expect-error: no such field of a shared type
    { PageInfo: { nothing: () => null } },
    // @ts-expect-error: no such type
    { Nothing: { id: () => 'nothing_1' } },
  ];
  expect([Object.keys(right), wrong.length]).toEqual([['Query', 'Customer', 'Money'], 10]);
});

test('an input of shared types is typed', () => {
  const resolvers: Resolvers = {
    Mutation: {
      placeOrder: (_, { input }) => {
        const country: string = input.shippingAddress.country;
        // @ts-expect-error: no such field of the shared address
        const nothing: string = input.shippingAddress.nothing;
        // @ts-expect-error: a text for a number
        const quantity: number = input.idempotencyKey;
        throw new Error(`${country} ${nothing} ${quantity}`);
      },
    },
  };
  expect(Object.keys(resolvers)).toEqual(['Mutation']);
});

test('a room has the shared error codes and its own, and no other room’s', () => {
  const codes: ErrorCode[] = ['NOT_FOUND', 'CHANNEL_NOT_FOUND'];
  // @ts-expect-error: a code of another room
  const other: ErrorCode = 'SECOND_FACTOR_REQUIRED';
  expect([...codes, other]).toHaveLength(3);
});
