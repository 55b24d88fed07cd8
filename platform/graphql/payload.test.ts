import { expect, test } from '@jest/globals';
import { Fault, refuse } from '../errors.ts';
import { payload } from './payload.ts';

test('a payload has the result of the use case beside an empty list of user errors', async () => {
  expect(await payload(async () => ({ order: { id: 'o' } }))).toEqual({ order: { id: 'o' }, userErrors: [] });
});

test('a use case may return user errors beside its result', async () => {
  const userErrors = [{ code: 'INVALID_INPUT', message: 'One line was left out.' }];
  expect(await payload(async () => ({ order: null, userErrors }))).toEqual({ order: null, userErrors });
});

test('a refusal becomes user errors and nothing else', async () => {
  const refused = payload(async () => {
    throw refuse('NOT_FOUND', 'There is no such cart.', ['input', 'cartId'], { __typename: 'Special', left: 2 });
  });
  expect(await refused).toEqual({
    userErrors: [
      {
        code: 'NOT_FOUND',
        message: 'There is no such cart.',
        path: ['input', 'cartId'],
        __typename: 'Special',
        left: 2,
      },
    ],
  });
});

test('a fault is rethrown', async () => {
  await expect(payload(() => Promise.reject(new Fault('X', 'down')))).rejects.toThrow('down');
});
