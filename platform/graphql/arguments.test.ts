import { expect, test } from '@jest/globals';
import { checkOneOf, checkSize } from './arguments.ts';

const badInput = expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } });

test('exactly one of the arguments must be given', () => {
  expect(() => checkOneOf({ id: 'a', slug: null })).not.toThrow();
  expect(() => checkOneOf({ id: undefined, slug: '' })).not.toThrow();
  expect(() => checkOneOf({ id: 'a', slug: 'b' })).toThrow(badInput);
  expect(() => checkOneOf({ id: null, slug: undefined })).toThrow('Give exactly one of `id` and `slug`.');
});

test('a list argument of the maximum length is accepted, a longer one is refused', () => {
  for (const list of [null, undefined, [], [1, 2]]) expect(() => checkSize(list, 2, 'ids')).not.toThrow();
  expect(() => checkSize([1, 2, 3], 2, 'ids')).toThrow(badInput);
  expect(() => checkSize([1, 2, 3], 2, 'ids')).toThrow('`ids` holds at most 2 values.');
});
