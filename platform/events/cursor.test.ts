import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from './cursor.ts';

test('a cursor survives encoding and decoding', () => {
  const place = fc.record({
    xid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    position: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  });
  fc.assert(
    fc.property(place, ({ xid, position }) => {
      const cursor = { xid: xid.toString(), position: position.toString() };
      expect(decodeCursor(encodeCursor(cursor, '0a1b2c3d'))).toEqual({ ...cursor, generation: '0a1b2c3d' });
    }),
  );
});

test.each([
  '',
  'garbage',
  '0a1b2c3d',
  '0a1b2c3d.1',
  '0a1b2c3d.1.1.1',
  '0a1b2c3d.-1.1',
  '0a1b2c3d.1.x',
  '0A1B2C3D.1.1',
  '0a1b2c3d.08.1',
  '0a1b2c3d.00.1',
  '0a1b2c3d.1.00',
  '0a1b2c3d.1.01',
  '0a1b2c3d.0x1.1',
  '0a1b2c3d.1_0.1',
  '0a1b2c3d.1.1\n',
  '0a1b2c3d.18446744073709551616.1',
  '0a1b2c3d.1.9223372036854775808',
  "0a1b2c3d.1.1'; --",
])('%j is refused as a cursor', (text) => {
  expect(decodeCursor(text)).toBeUndefined();
});
