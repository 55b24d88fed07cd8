import { expect, test } from '@jest/globals';
import { Fault, refuse, Unavailable } from '../../../platform/errors.ts';
import { firstThatCan } from './basket.ts';

/** Draws 0, 1, 2, … */
const counting = () => {
  let n = 0;
  return () => n++;
};

test('a basket that is refused, or out of stock, is replaced by another', async () => {
  const tried: number[] = [];
  const ordered = await firstThatCan(counting(), async (basket, draw) => {
    tried.push(draw);
    if (basket === 0) throw refuse('PRICE_NOT_FOUND', 'No price.', ['input']);
    return basket === 1 ? undefined : `basket ${basket}`;
  });
  expect(ordered).toBe('basket 2');
  expect(tried).toEqual([0, 1, 2]);
});

test.each([new Unavailable('Pricing did not answer.'), new Fault('BROKEN', 'A fault.'), new Error('A mistake.')])(
  'an error that is no refusal is thrown, not taken for one: %s',
  async (error) => {
    const order = () => Promise.reject(error);
    await expect(firstThatCan(counting(), order)).rejects.toBe(error);
  },
);

test('the draws end with an error when no basket can be ordered', async () => {
  const draw = counting();
  const order = () => Promise.reject(refuse('PRICE_NOT_FOUND', 'No price.', ['input']));
  await expect(firstThatCan(draw, order)).rejects.toThrow('none can be ordered');
  expect(draw()).toBeLessThan(1000);
});
