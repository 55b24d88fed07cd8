import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkPhone, checkRoom, defaultAfterChange, defaultAfterRemoval, MAX_ADDRESSES } from './domain.ts';

const PATH = ['input', 'field'];

describe('a telephone number', () => {
  test.each(['+49 30 901820', '030/901820', '(212) 555-0142', '1234'])('may be written as %s', (phone) => {
    expect(checkPhone(` ${phone} `, PATH)).toBe(phone);
  });

  test.each([
    ['\u202a+49 30 901820\u202c', '+49 30 901820'],
    ['+49\u00a030\u2011901820', '+49 30-901820'],
    ['٠٣٠ ٩٠١٨٢٠', '030 901820'],
    ['（０３）１２３４ー５６７８', '(03)1234-5678'],
  ])('that is written or copied as %s is %s', (given, phone) => {
    expect(checkPhone(given, PATH)).toBe(phone);
  });

  test.each(['123', 'call me', '+49 <b>30</b> 901820', '1234567890123456'])('is not %s', (phone) => {
    expect(() => checkPhone(phone, PATH)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  test('that is empty is null', () => {
    expect([checkPhone(null, PATH), checkPhone('  ', PATH)]).toEqual([null, null]);
  });
});

test('there is room for the fiftieth address and not for another', () => {
  expect(() => checkRoom(MAX_ADDRESSES - 1)).not.toThrow();
  expect(() => checkRoom(MAX_ADDRESSES)).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }));
});

test('after any additions, changes and removals the default is an existing address, and is null only without addresses', () => {
  const step = fc.record({ remove: fc.boolean(), at: fc.nat(5), wanted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let current: string | null = null;
      const addresses: string[] = [];
      for (const [n, { remove, at, wanted }] of steps.entries()) {
        const removed = remove && addresses[at];
        if (removed) {
          addresses.splice(at, 1);
          current = defaultAfterRemoval(current, removed, addresses);
        } else {
          addresses.push(`address_${n}`);
          current = defaultAfterChange(current, `address_${n}`, wanted);
          if (wanted && current !== `address_${n}`) return false;
        }
        if (addresses.length ? !addresses.includes(current!) : current !== null) return false;
      }
      return true;
    }),
  );
});
