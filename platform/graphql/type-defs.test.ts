import { expect, test } from '@jest/globals';
import { buildASTSchema } from 'graphql';
import { typeDefsOf } from './type-defs.ts';

const rootsOf = (sdl: string) => {
  const schema = buildASTSchema(typeDefsOf(sdl), { assumeValidSDL: true });
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].map(
    (type) => type && Object.keys(type.getFields()),
  );
};

test('the root fields of capabilities are there, also where the room itself has none of their kind', () => {
  const sdl = `type Query { order: String }
    extend type Query { cart: String }
    extend type Mutation { addToCart: String }
    extend type Mutation { placeOrder: String }
    extend type Subscription { orderUpdated: String }`;
  expect(rootsOf(sdl)).toEqual([['order', 'cart'], ['addToCart', 'placeOrder'], ['orderUpdated']]);
});

test('a room without any has none', () => {
  expect(rootsOf('type Query { order: String }')).toEqual([['order'], undefined, undefined]);
});
