import { expect, test } from '@jest/globals';
import { plainNumber } from './plain-number.ts';

test.each([
  ['１００ー０００１', '100-0001'],
  ['100ｰ0001', '100-0001'],
  ['११०००१', '110001'],
  ['٣٤٠٠٠', '34000'],
  ['+49\u00a030\u201190\u22121820', '+49 30-90-1820'],
  ['SW1A 1AA', 'SW1A 1AA'],
  ['コーヒー', 'コーヒー'],
])('%s is normalised to %s', (text, plain) => {
  expect(plainNumber(text)).toBe(plain);
});
