import { expect, test } from '@jest/globals';
import type { Refusal } from '../errors.ts';
import { type Address, checkAddress } from './address.ts';

const address: Address = { name: 'Ada', line1: 'Main Street 1', city: 'Paris', postcode: '75001', country: 'FR' };
const PATH = ['input', 'shippingAddress'];

const refusalOf = (change: Partial<Address>) => {
  try {
    checkAddress({ ...address, ...change }, PATH);
  } catch (error) {
    return (error as Refusal).userErrors;
  }
  return undefined;
};

test('texts are trimmed, empty ones that may be absent are, and nothing else comes along', () => {
  const given = { ...address, name: '  Ada ', line2: '  ', region: ' IDF ', evil: 'x' };
  expect(checkAddress(given, PATH)).toEqual({ ...address, line2: null, region: 'IDF' });
});

test.each(['name', 'line1', 'city', 'postcode'] as const)('without a %s it is refused, at that field', (field) => {
  expect(refusalOf({ [field]: ' \n ' })).toEqual([
    expect.objectContaining({ code: 'INVALID_INPUT', path: [...PATH, field] }),
  ]);
});

test.each(['name', 'line1', 'line2', 'city', 'postcode', 'region'] as const)(
  'a %s of 200 characters is taken, of 201 refused',
  (field) => {
    expect(refusalOf({ [field]: `  ${'x'.repeat(200)} ` })).toBeUndefined();
    expect(refusalOf({ [field]: 'x'.repeat(201) })).toEqual([expect.objectContaining({ path: [...PATH, field] })]);
  },
);
