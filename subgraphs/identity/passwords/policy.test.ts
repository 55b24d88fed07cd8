import { expect, test } from '@jest/globals';
import { checkNewPassword } from './policy.ts';

const ADA = { email: 'ada.lovelace@example.com', name: 'Ada Lovelace' };

test.each([
  ['short', 'at least 12'],
  ['eleven char', 'at least 12'],
  ['𝒶𝒷𝒸𝒹𝑒𝒻𝑔', 'at least 12'],
  ['x'.repeat(201), 'at most 200'],
  ['Password1234', 'tried first'],
  ['CorrectHorseBatteryStaple', 'tried first'],
  ['aaaaaaaaaaaa', 'repeats'],
  ['abc1abc1abc1abc1', 'repeats'],
  ['lmnopqrstuvwxyz', 'counts'],
  ['zyxwvutsrqponm', 'counts'],
  ['ADA.lovelace@Example.com', 'must not be'],
  ['ada_lovelace', 'must not be'],
])('a new password is refused: %s', (password, why) => {
  expect(() => checkNewPassword(password, ADA)).toThrow(expect.objectContaining({ code: 'WEAK_PASSWORD' }));
  expect(() => checkNewPassword(password, ADA)).toThrow(why);
});

test.each(['twelve chars', 'all lower case words', 'пароль из слов', 'ab'.repeat(5) + 'cd', 'ada lovelace counts'])(
  'a new password of any characters is accepted: %s',
  (password) => {
    expect(() => checkNewPassword(password, ADA)).not.toThrow();
  },
);

test('a password with half of a surrogate pair is refused: its replacement would match other passwords', () => {
  expect(() => checkNewPassword('pass\ud800word12345', ADA)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  );
});
