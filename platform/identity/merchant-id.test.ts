import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { checkMerchantId } from './merchant-id.ts';

const path = ['input', 'merchantId'];
const errorOf = (merchantId: string): unknown => {
  try {
    checkMerchantId(merchantId, path);
    return undefined;
  } catch (error) {
    return (error as Refusal).userErrors[0];
  }
};

describe("a merchant's id", () => {
  test.each(['my-shop', 'merchant_a', '7', 'A', 'x'.repeat(64), newId('merchant')])('may be %p', (id) => {
    expect(errorOf(id)).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['a blank', ' '],
    ['a blank at an end', 'my-shop '],
    ['a line break at its end', 'my-shop\n'],
    ['65 characters', 'x'.repeat(65)],
    ['5,000 characters', 'x'.repeat(5000)],
    ['an emoji', '🛍️'],
    ['a letter beyond ASCII', 'Müller'],
    ['a letter that looks like another', 'mу-shop'],
    ['what turns the writing around', 'shop\u202Epohs'],
    ['what cannot be seen', 'my\u200Bshop'],
    ['NUL', 'my\0shop'],
    ['half a surrogate pair', 'my\ud800shop'],
    ['a path', 'my/shop'],
  ])('is not %s', (_, id) => {
    expect(errorOf(id)).toMatchObject({ code: 'INVALID_INPUT', path });
  });
});
