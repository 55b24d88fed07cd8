import { expect, test } from '@jest/globals';
import { codeOf } from '../../../tests/support/authenticator.ts';
import { stepOf, uriOf } from './totp.ts';

/** `12345678901234567890`, the secret of both RFCs' test vectors. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const at = (seconds: number): Date => new Date(seconds * 1000);

// RFC 6238, appendix B, SHA1: it shows eight digits, of which six are the last.
test.each([
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
])('at second %i the code is that of RFC 6238: %s', (seconds, eight) => {
  expect(stepOf(SECRET, eight.slice(2), at(seconds), 0)).toBe(Math.floor(seconds / 30));
  expect(codeOf(SECRET, at(seconds))).toBe(eight.slice(2));
});

// RFC 4226, appendix D.
test.each(['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'])(
  'the codes of RFC 4226 are those of their steps: %s',
  (code) => {
    const step = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
    const counter = step.indexOf(code);
    expect(stepOf(SECRET, code, at(counter * 30), -1)).toBe(counter);
  },
);

const NOW = at(1_780_000_000);
const STEP = Math.floor(1_780_000_000 / 30);

test('a code is good one step before its time and one after it, and no longer', () => {
  const good = [-2, -1, 0, 1, 2].map((steps) => stepOf(SECRET, codeOf(SECRET, NOW, steps), NOW, 0));
  expect(good).toEqual([undefined, STEP - 1, STEP, STEP + 1, undefined]);
});

test('a used code is not good again, nor is an earlier one', () => {
  const after = (lastStep: number) =>
    [-1, 0, 1].map((steps) => stepOf(SECRET, codeOf(SECRET, NOW, steps), NOW, lastStep) !== undefined);
  expect(after(STEP - 1)).toEqual([false, true, true]);
  expect(after(STEP)).toEqual([false, false, true]);
  expect(after(STEP + 1)).toEqual([false, false, false]);
});

test.each(['', '12345', '1234567', 'abcdef', '０１２３４５'])('%j is no code', (text) => {
  expect(stepOf(SECRET, text, NOW, 0)).toBeUndefined();
});

test('one URI tells the app everything, with any names', () => {
  const uri = new URL(uriOf(SECRET, 'ada+shop@example.com', 'Käse & Co'));
  expect(uri.protocol).toBe('otpauth:');
  expect(decodeURIComponent(uri.pathname)).toMatch(/Käse & Co:ada\+shop@example\.com$/);
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    issuer: 'Käse & Co',
    secret: SECRET,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
});
