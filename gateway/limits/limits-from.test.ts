import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { readConfig } from '../../platform/config/config.ts';
import { limitsFrom } from './limits-from.ts';
import { LIMITS } from './limits.ts';
import { parseWithin } from './parse-within.ts';

const stored = { trusted: new Map<string, string>() };
const limitsOf = (variables: Record<string, string>) =>
  limitsFrom(readConfig({ NODE_ENV: 'test', ...variables }), stored);

test('without variables the limits are the documented ones', () => {
  expect(limitsOf({}).document).toEqual(LIMITS.document);
  expect(limitsOf({}).costs).toEqual(LIMITS.costs);
});

test('an operator can allow larger documents, or only smaller ones', () => {
  const fields = (count: number) => `{ ${Array.from({ length: count }, (_, n) => `f${n}`).join(' ')} }`;
  const deep = (depth: number) => '{ a '.repeat(depth) + '}'.repeat(depth);
  const read = (text: string, variables: Record<string, string>) =>
    parseWithin({ ...limitsOf(variables).document, rootFields: 10_000 })(text);
  expect(() => read(deep(21), {})).toThrow('more than 20 fields within one another');
  expect(read(deep(21), { OPERATION_DEPTH: '21' })).toMatchObject({ kind: parse('{ a }').kind });
  expect(() => read(fields(60), { OPERATION_FIELDS: '59' })).toThrow('more than 59 fields');
  expect(() => read(fields(1001), {})).toThrow('more than 1,000 fields');
  expect(read(fields(1001), { OPERATION_FIELDS: '1001' }).definitions).toHaveLength(1);
  expect(() => read(fields(200), { OPERATION_TOKENS: '150' })).toThrow('more than 150 tokens');
  expect(() => read(`{ a } #${'x'.repeat(1600)}`, { OPERATION_TOKENS: '100' })).toThrow('more than 1,600 characters');
});

test.each([
  ['OPERATION_DEPTH', '51'],
  ['OPERATION_FIELDS', '0'],
  ['OPERATION_TOKENS', 'many'],
])('%s=%s is refused at the start', (name, value) => {
  expect(() => limitsOf({ [name]: value })).toThrow(name);
});
