import { expect, test } from '@jest/globals';
import { isId } from '../ids.ts';
import { demoWorld, randomOf } from './demo-world.ts';

test('there are a thousand products with 3,500 distinct variants', () => {
  const { variants, products } = demoWorld;
  expect([products, variants.length]).toEqual([1000, 3500]);
  expect(new Set(variants.map(({ id }) => id)).size).toBe(3500);
  expect(variants.every(({ id, n }, at) => isId(id, 'variant') && n === at)).toBe(true);
});

test('a product has two to five variants, counted from zero', () => {
  const byProduct = Map.groupBy(demoWorld.variants, ({ product }) => product);
  expect(byProduct.size).toBe(1000);
  for (const [product, of] of byProduct) {
    expect({ product, indices: of.map(({ index }) => index) }).toEqual({ product, indices: [...of.keys()] });
    expect(of.length >= 2 && of.length <= 5).toBe(true);
  }
});

test('no two things share an id, and each has the prefix of its kind', () => {
  const { products, customers, productId, customerId, userId, accounts, merchantId, variants } = demoWorld;
  const of = (count: number, id: (n: number) => string): string[] => Array.from({ length: count }, (_, n) => id(n));
  const [ids, people, users] = [of(products, productId), of(customers, customerId), accounts.map(userId)];
  expect(ids.every((id) => isId(id, 'product'))).toBe(true);
  expect(people.every((id) => isId(id, 'customer'))).toBe(true);
  expect(users.every((id) => isId(id, 'user'))).toBe(true);
  const all = [...ids, ...people, ...users, merchantId, ...variants.map(({ id }) => id)];
  expect(new Set(all).size).toBe(all.length);
});

test('random numbers are the same on every machine, differ by seed, and are even enough', () => {
  const [random, same, other] = [randomOf('a'), randomOf('a'), randomOf('b')];
  const numbers = Array.from({ length: 10_000 }, random);
  expect(Array.from({ length: 10_000 }, same)).toEqual(numbers);
  expect(Array.from({ length: 10 }, other)).not.toEqual(numbers.slice(0, 10));
  expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
  expect(numbers.reduce((a, b) => a + b) / 10_000).toBeCloseTo(0.5, 1);
});

test('a kind that is not listed has ids by its prefix and number, the same to every room', () => {
  expect(demoWorld.id('product', 7)).toBe(demoWorld.productId(7));
  expect(demoWorld.id('warehouse', 0)).toBe(demoWorld.id('warehouse', 0));
  expect(isId(demoWorld.id('warehouse', 0), 'warehouse')).toBe(true);
});
