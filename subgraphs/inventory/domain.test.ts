import { expect, test } from '@jest/globals';
import { Refusal } from '../../platform/errors.ts';
import { checkChange } from './domain.ts';

const refusalOf = (work: () => unknown): Refusal => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
};

test('a correction can take the last free unit, but no reserved one', () => {
  const level = { variantId: 'v', onHand: 5, reserved: 3 };
  expect(() => checkChange(level, -2, [])).not.toThrow();
  expect(refusalOf(() => checkChange(level, -3, [])).userErrors).toEqual([
    expect.objectContaining({ code: 'INSUFFICIENT_STOCK', available: 2 }),
  ]);
  expect(refusalOf(() => checkChange(level, 10_000_000, [])).code).toBe('INVALID_INPUT');
});
