import { describe, expect, test } from '@jest/globals';
import type { Refusal } from '../../../platform/errors.ts';
import { callbackOf, checkRoom, checkWayIn, isSubject, MAX_IDENTITIES, newcomerOf, type Vouched } from './domain.ts';

const REDIRECT_URI = 'https://shop.example/signed-in';
const ADA: Vouched = {
  issuer: 'https://id.example',
  subject: 'ada',
  email: 'ada@example.com',
  isEmailVerified: true,
  name: 'Ada Lovelace',
};
const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Refusal).code;
  }
};

describe('the callback URL', () => {
  test('is the redirect URI with an answer behind it', () => {
    const { searchParams } = callbackOf(`${REDIRECT_URI}?code=c&state=s`, REDIRECT_URI);
    expect(Object.fromEntries(searchParams)).toEqual({ code: 'c', state: 's' });
  });

  test.each([
    'https://shop.example.evil.example/signed-in?code=c',
    'https://evil.example/signed-in?code=c',
    'http://shop.example/signed-in?code=c',
    'https://shop.example/signed-in/../other?code=c',
    'https://shop.example:444/signed-in?code=c',
    '/signed-in?code=c',
    'code=c',
    '',
  ])('is refused as %.60s', (callbackUrl) => {
    expect(codeOf(() => callbackOf(callbackUrl, REDIRECT_URI))).toBe('INVALID_INPUT');
  });
});

describe('a subject', () => {
  test.each(['a', '5', 'auth0|5f7c', 'user name', 'a'.repeat(255), 'ü'])('%.20j stands for one person', (subject) => {
    expect(isSubject(subject)).toBe(true);
  });

  test.each(['', ' ', '\t\u00a0', 'a'.repeat(256), 'a\u0000', 'a\ud800'])('%.20j stands for nobody', (subject) => {
    expect(isSubject(subject)).toBe(false);
  });
});

describe('a new user', () => {
  test('has the address and the name from the provider', () => {
    expect(newcomerOf(ADA, 'Acme')).toEqual({ email: 'ada@example.com', name: 'Ada Lovelace' });
  });

  test.each([
    [undefined, 'ada'],
    ['a'.repeat(300), 'a'.repeat(200)],
    ['Ada\u0000\u0007', 'Ada'],
    ['\u0000', 'ada@example.com'],
    [`${'a'.repeat(199)}😀`, `${'a'.repeat(199)}😀`],
    ['\u202eAda\u2069', 'Ada'],
    ['\u200b\u3164', 'ada@example.com'],
  ])('who is called %j is shown as %j', (name, shown) => {
    expect(newcomerOf({ ...ADA, name }, 'Acme').name).toBe(shown);
  });

  test.each([{ isEmailVerified: false }, { email: undefined }])('is refused with %j', (said) => {
    expect(codeOf(() => newcomerOf({ ...ADA, ...said }, 'Acme'))).toBe('EMAIL_NOT_VERIFIED');
  });
});

test('the last way in cannot be unlinked, and identities are limited', () => {
  expect(codeOf(() => checkWayIn({ hasPassword: false, identities: 1 }))).toBe('LAST_WAY_IN');
  expect(codeOf(() => checkWayIn({ hasPassword: false, identities: 2 }))).toBeUndefined();
  expect(codeOf(() => checkWayIn({ hasPassword: true, identities: 1 }))).toBeUndefined();
  expect(codeOf(() => checkRoom(MAX_IDENTITIES - 1))).toBeUndefined();
  expect(codeOf(() => checkRoom(MAX_IDENTITIES))).toBe('INVALID_STATE');
});
