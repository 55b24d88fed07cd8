import { expect, test } from '@jest/globals';
import { awayErrors } from './away-errors.ts';

const pathsOf = (query: string, variables?: Record<string, unknown>, operationName?: string) =>
  awayErrors({ query, variables, operationName }, new Error('away')).map(({ path }) => path);

test('each field that is missing has an error, by its response key', () => {
  expect(pathsOf('query A { a b: c { d } ... on Query { e } } query B { f }', {}, 'A')).toEqual([['a'], ['b'], ['e']]);
});

test('each field of each entity, of its own type, has one too', () => {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Order { __typename total } ... on Customer { name mail: email } } }`;
  const representations = [{ __typename: 'Order' }, { __typename: 'Customer' }];
  expect(pathsOf(query, { representations })).toEqual([
    ['_entities', 0, 'total'],
    ['_entities', 1, 'name'],
    ['_entities', 1, 'mail'],
  ]);
});

test('there is at least one error, and a bounded number', () => {
  expect(pathsOf('query A { a } query B { b }')).toEqual([undefined]);
  const query = `{ ${Array.from({ length: 30 }, (_, index) => `f${index}`).join(' ')} }`;
  expect(pathsOf(query)).toHaveLength(20);
});
