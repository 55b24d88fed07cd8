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
  'a new password is accepted, whatever characters it is made of: %s',
  (password) => {
    expect(() => checkNewPassword(password, ADA)).not.toThrow();
  },
);

test('a password that is no text is refused: what is hashed in place of half a pair would fit others too', () => {
  expect(() => checkNewPassword('pass\ud800word12345', ADA)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  );
});
