import { expect, test } from '@jest/globals';
import { deterministicId, isId, newId, newUuid, prefixOf, uuidOf } from './ids.ts';

test('ids made one after another sort in that order, within one millisecond too', () => {
  const ids = Array.from({ length: 2000 }, () => newId('order'));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an id carries its prefix and the UUIDv7 of its time', () => {
  const before = Date.now();
  const id = newId('price_list');
  expect(prefixOf(id)).toBe('price_list');
  const uuid = uuidOf(id);
  expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  const time = Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
  // The generator may run ahead of the clock by as many milliseconds as it needed to keep its order.
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThan(Date.now() + 1000);
  expect(newUuid()).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-/);
});

test.each([
  '',
  'order',
  'order_',
  'order_123',
  'order_01h455vb4pex5vsknk084sn02',
  'order_01h455vb4pex5vsknk084sn02Q',
  'order_81h455vb4pex5vsknk084sn02q',
  'Order_01h455vb4pex5vsknk084sn02q',
  '_01h455vb4pex5vsknk084sn02q',
  '01h455vb4pex5vsknk084sn02q',
  "order_01h455vb4pex5vsknk084sn02q' or true--",
])('%j is refused as an id', (text) => {
  expect(prefixOf(text)).toBeUndefined();
  expect(isId(text, 'order')).toBe(false);
  expect(isId(text, '')).toBe(false);
});

test('an id with another prefix is not accepted', () => {
  expect(isId(newId('order'), 'order')).toBe(true);
  expect(isId(newId('order'), 'orde')).toBe(false);
  expect(isId(newId('order'), 'order_line')).toBe(false);
});

test('deterministic ids are the same each time, differ by prefix and number, and sort by number', () => {
  expect(deterministicId('variant', 7)).toBe('variant_01jgfjjz07e9najxmagcq96ftj');
  const ids = Array.from({ length: 5000 }, (_, n) => deterministicId('variant', n));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(uuidOf(deterministicId('product', 7))).not.toBe(uuidOf(ids[7]!));
  expect(ids.every((id) => isId(id, 'variant'))).toBe(true);
});
