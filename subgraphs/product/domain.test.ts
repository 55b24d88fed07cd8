import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { changeStatus, checkVariant, chooseSlug, slugOf } from './domain.ts';
import type { ProductStatus } from './entities.ts';

const STATUSES: readonly ProductStatus[] = ['DRAFT', 'ACTIVE', 'ARCHIVED'];
const status = fc.constantFrom(...STATUSES);

describe('a slug', () => {
  test.each([
    ['Crème Brûlée Set', 'creme-brulee-set'],
    ['  Salt & Pepper!  ', 'salt-pepper'],
    ['100 % Wool', '100-wool'],
    ['茶', ''],
  ])('of %j is %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  test('made of any name is acceptable, or the name is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => {
        try {
          expect(chooseSlug(undefined, name)).toMatch(/^[a-z\d]+(-[a-z\d]+)*$/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_INPUT' });
        }
      }),
    );
  });

  test('made of words that are too long for it ends with a word, not with a hyphen', () => {
    const name = `${'a'.repeat(99)} b`;
    expect(chooseSlug(undefined, name)).toBe('a'.repeat(99));
  });

  test.each(['', 'Upper', 'two--hyphens', '-start', 'end-', 'a b', 'x'.repeat(101)])('is refused as %j', (given) => {
    expect(() => chooseSlug(given, 'Name')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });
});

describe('the status of a product', () => {
  test('is never a draft again', () => {
    for (const from of ['ACTIVE', 'ARCHIVED'] as const) {
      expect(() => changeStatus({ status: from }, 'DRAFT', 1)).toThrow(
        expect.objectContaining({ code: 'INVALID_STATE' }),
      );
    }
  });

  test('may be asked for again without a change', () => {
    for (const to of STATUSES) expect(changeStatus({ status: to }, to, 0)).toBe(to);
  });

  test('becomes ACTIVE only with a variant', () => {
    fc.assert(
      fc.property(status, fc.nat(100), (from, variants) => {
        if (from === 'ACTIVE' || variants > 0)
          expect(changeStatus({ status: from }, 'ACTIVE', variants)).toBe('ACTIVE');
        else
          expect(() => changeStatus({ status: from }, 'ACTIVE', variants)).toThrow(
            expect.objectContaining({ code: 'INVALID_INPUT' }),
          );
      }),
    );
  });
});

describe('a variant', () => {
  const variant = { sku: 'LIN-0042/BLU.M_1', name: 'Medium / Blue', attributes: [] };

  test('is accepted with letters, digits and . _ / - in its SKU', () => {
    expect(() => checkVariant(variant, ['input'])).not.toThrow();
  });

  test.each([
    [{ ...variant, sku: '' }, 'sku'],
    [{ ...variant, sku: 'with space' }, 'sku'],
    [{ ...variant, sku: 'x'.repeat(65) }, 'sku'],
    [{ ...variant, name: '   ' }, 'name'],
    [{ ...variant, attributes: Array(21).fill({ name: 'Size', value: 'M' }) }, 'attributes'],
  ])('is refused at its place: %#', (wrong, field) => {
    const error = { userErrors: [expect.objectContaining({ code: 'INVALID_INPUT', path: ['input', '0', field] })] };
    expect(() => checkVariant(wrong, ['input', '0'])).toThrow(expect.objectContaining(error));
  });
});
