import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  changeStatus,
  checkDistinct,
  checkRoomBelow,
  checkVariant,
  checkVariants,
  MAX_CHILDREN,
  MAX_DEPTH,
} from './domain.ts';
import type { ProductStatus } from './entities.ts';

const STATUSES: readonly ProductStatus[] = ['DRAFT', 'ACTIVE', 'ARCHIVED'];
const status = fc.constantFrom(...STATUSES);

describe('the status of a product', () => {
  test('is never a draft again', () => {
    for (const from of ['ACTIVE', 'ARCHIVED'] as const) {
      expect(() => changeStatus({ status: from }, 'DRAFT', 1)).toThrow(
        expect.objectContaining({ code: 'INVALID_STATE' }),
      );
    }
  });

  test('stays as it is, without an error, when it is asked for again', () => {
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
  const variant = { sku: 'LIN-0042/BLU.M_1', name: 'Medium / Blue', attributes: [], taxClass: 'STANDARD' as const };
  const size = { name: 'Size', value: 'L' };
  const colour = { name: 'Colour', value: 'Blue' };
  const refusedAt = (code: string, ...path: string[]) => expect.objectContaining({ code, path });

  test('is accepted with letters, digits and . _ / - in its SKU, and its attributes have a name and a value', () => {
    const attributes = [{ ...size, evil: 'x' }];
    expect(checkVariant({ ...variant, attributes }, ['input'])).toEqual({ ...variant, attributes: [size] });
  });

  test.each([
    [{ ...variant, sku: '' }, ['sku']],
    [{ ...variant, sku: 'with space' }, ['sku']],
    [{ ...variant, sku: 'a\u0000' }, ['sku']],
    [{ ...variant, attributes: Array(21).fill({ name: 'Size', value: 'M' }) }, ['attributes']],
    [{ ...variant, attributes: [size, colour, { name: 'SIZE ', value: 'M' }] }, ['attributes', '2', 'name']],
    [{ ...variant, attributes: [colour, { name: 'Colour\u200b', value: 'Red' }] }, ['attributes', '1', 'name']],
  ])('is refused at the path of the wrong field: %#', (wrong, path) => {
    const error = { userErrors: [refusedAt('INVALID_INPUT', 'input', '0', ...path)] };
    expect(() => checkVariant(wrong, ['input', '0'])).toThrow(expect.objectContaining(error));
  });

  test.each([
    [
      [size, colour],
      [size, colour],
    ],
    [
      [size, colour],
      [colour, size],
    ],
    [[size], [{ name: 'SIZE', value: 'l' }]],
    [[{ name: 'Größe', value: 'weiß' }], [{ name: 'GRÖSSE', value: 'ＷＥＩＳＳ' }]],
    ...['Blue\u200b', 'Bl\u00adue', '\u200eBlue'].map((value) => [[colour], [{ name: 'Colour', value }]] as const),
    [[{ name: 'Kind', value: '❤' }], [{ name: 'Kind', value: '❤\ufe0f' }]],
    [[{ name: 'Size', value: 'Extra L' }], [{ name: 'Si\u200bze', value: 'Extra  L' }]],
  ])('is refused with the attributes of another variant of its product: %#', (first, second) => {
    const variants = [
      { ...variant, sku: 'A', attributes: first },
      { ...variant, sku: 'B', attributes: second },
    ];
    const error = { userErrors: [refusedAt('INVALID_INPUT', 'input', 'variants', '1', 'attributes')] };
    expect(() => checkVariants(variants, ['input', 'variants'])).toThrow(expect.objectContaining(error));
    expect(() => checkDistinct(variants[1]!, variants.slice(0, 1), ['input'])).toThrow(/The variant A/);
  });

  test.each([
    ['100 g', '100 g'],
    ['Family pack', 'FAMILY  PACK'],
    ['❤', '❤\ufe0f'],
  ])('without attributes is refused with the name of another one without: %j and %j', (...names) => {
    const variants = names.map((name, n) => ({ ...variant, sku: `N${n}`, name }));
    const error = { userErrors: [refusedAt('INVALID_INPUT', 'input', 'variants', '1', 'name')] };
    expect(() => checkVariants(variants, ['input', 'variants'])).toThrow(expect.objectContaining(error));
    expect(() => checkDistinct(variants[1]!, variants.slice(0, 1), ['input'])).toThrow(/The variant N0/);
  });

  test('is accepted if its attributes differ from the others, or its name where it has none', () => {
    const attributes = [[], [size], [size, colour], [{ name: 'Colour', value: 'L' }], [{ name: 'L', value: 'Size' }]];
    const variants = attributes.map((some, n) => ({ ...variant, sku: `S${n}`, attributes: some }));
    const another = { ...variant, sku: 'S', name: `${variant.name} 2` };
    expect(checkVariants([...variants, another], ['input'])).toHaveLength(6);
  });

  test('is refused together with all other wrong ones, and two never share a SKU', () => {
    const bad = [{ ...variant, sku: 'a b' }, variant, { ...variant, sku: '' }];
    expect(() => checkVariants(bad, ['v'])).toThrow(
      expect.objectContaining({
        userErrors: [refusedAt('INVALID_INPUT', 'v', '0', 'sku'), refusedAt('INVALID_INPUT', 'v', '2', 'sku')],
      }),
    );
    expect(() => checkVariants([variant, variant], ['v'])).toThrow(
      expect.objectContaining({ userErrors: [refusedAt('SKU_TAKEN', 'v', '1', 'sku')] }),
    );
    const many = Array.from({ length: 101 }, (_, n) => ({ ...variant, sku: `S${n}` }));
    expect(() => checkVariants(many, ['v'])).toThrow(/at most 100/);
  });
});

test('there is room below a category until a list or a path would be too long', () => {
  expect(() => checkRoomBelow({ depth: MAX_DEPTH - 1, children: MAX_CHILDREN - 1 })).not.toThrow();
  for (const full of [
    { depth: MAX_DEPTH, children: 0 },
    { depth: 0, children: MAX_CHILDREN },
  ])
    expect(() => checkRoomBelow(full)).toThrow(
      expect.objectContaining({ userErrors: [expect.objectContaining({ path: ['input', 'parentId'] })] }),
    );
});
