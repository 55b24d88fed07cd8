/** Adding a second factor, signing in with it and losing it, through the gateway, as clients of a shop do. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { codeOf } from '../support/authenticator.ts';
import { openPlatform, type SigningPlatform } from '../support/platform.ts';

const PASSWORD = 'correct horse battery';
const AUTH = `{ accessToken refreshToken user { id } userErrors { code message ... on SecondFactorRequired { challenge expiresAt } } }`;

const logged: string[] = [];
let shop: SigningPlatform;
beforeAll(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  shop = await openPlatform({ log, config: { TOTP_ISSUER: 'Agora test' } });
});
afterAll(() => shop.close());

const post = async (query: string, variables: object = {}, token?: string) => {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const response = await fetch(shop.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return { status: response.status, ...((await response.json()) as { data?: any; errors?: any[] }) };
};
const mutate = async (name: string, input: object, fields: string, token?: string) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await post(
    `mutation ($input: ${type}!) { ${name}(input: $input) ${fields} }`,
    { input },
    token,
  );
  expect(errors).toBeUndefined();
  return data[name];
};
const DONE = '{ done userErrors { code } }';
const signIn = (email: string, password = PASSWORD) => mutate('signIn', { email, password }, AUTH);
const completeSignIn = (challenge: string, code: string) => mutate('completeSignIn', { challenge, code }, AUTH);

/** A user with a second factor. Codes of the app after the one that confirmed it start with step 1. */
async function somebody(email: string) {
  const begun = new Date();
  const { accessToken, user } = await mutate('signUp', { email, password: PASSWORD, name: 'Ada' }, AUTH);
  await shop.kysely
    .updateTable('identity.account')
    .set({ email_verified_at: begun })
    .where('id', '=', user.id)
    .execute();
  const { secret, uri } = await mutate('enrollTotp', {}, '{ secret uri userErrors { code } }', accessToken);
  expect(new URL(uri).searchParams.get('issuer')).toBe('Agora test');
  const fields = '{ recoveryCodes userErrors { code } }';
  const { recoveryCodes } = await mutate('confirmTotp', { code: codeOf(secret, begun) }, fields, accessToken);
  return { id: user.id as string, accessToken, secret, next: codeOf(secret, begun, 1), recoveryCodes };
}

test('a user with a second factor gets no tokens for the password alone, and a session for both', async () => {
  const { next, secret, recoveryCodes } = await somebody('ada@example.com');
  const asked = await signIn('ada@example.com');
  expect(asked).toMatchObject({
    accessToken: null,
    refreshToken: null,
    user: null,
    userErrors: [{ code: 'SECOND_FACTOR_REQUIRED', message: expect.stringContaining('completeSignIn') }],
  });
  const { challenge } = asked.userErrors[0];
  expect(await post('{ me { id } }', {}, challenge)).toEqual({ status: 401, errors: [expect.anything()] });
  const answer = await completeSignIn(challenge, next);
  expect(answer.userErrors).toEqual([]);
  const { data } = await post('{ me { email } mySecondFactor { recoveryCodesLeft } }', {}, answer.accessToken);
  expect(data).toEqual({ me: { email: 'ada@example.com' }, mySecondFactor: { recoveryCodesLeft: 10 } });
  const refreshed = await mutate('refreshSession', { refreshToken: answer.refreshToken }, AUTH);
  expect(refreshed.userErrors).toEqual([]);
  for (const hidden of [secret, challenge, ...recoveryCodes]) expect(logged.join('')).not.toContain(hidden);
});

test('a user who lost the app signs in with a recovery code and removes the factor with another', async () => {
  const { recoveryCodes } = await somebody('bea@example.com');
  const { userErrors } = await signIn('bea@example.com');
  const { accessToken } = await completeSignIn(userErrors[0].challenge, recoveryCodes[0]);
  expect((await mutate('disableTotp', { code: recoveryCodes[0] }, DONE, accessToken)).userErrors).toEqual([
    { code: 'INVALID_SECOND_FACTOR' },
  ]);
  expect(await mutate('disableTotp', { code: recoveryCodes[1] }, DONE, accessToken)).toMatchObject({ done: true });
  expect((await signIn('bea@example.com')).userErrors).toEqual([]);
});

test('a user who lost both asks the staff; nobody else may reset the factor, and its sessions end at once', async () => {
  const { id, accessToken } = await somebody('cleo@example.com');
  const staff = async (role: 'OPERATOR' | 'ANALYST' | 'CUSTOMER') => {
    const email = `${role.toLowerCase()}@example.com`;
    const { user } = await mutate('signUp', { email, password: PASSWORD, name: 'Staff' }, AUTH);
    await shop.kysely
      .updateTable('identity.account')
      .set({ roles: [role] })
      .where('id', '=', user.id)
      .execute();
    return (await signIn(email)).accessToken as string;
  };
  const RESET = `mutation ($id: ID!) { resetSecondFactor(input: { userId: $id }) ${DONE} }`;
  for (const token of [undefined, await staff('CUSTOMER'), await staff('ANALYST'), accessToken])
    expect((await post(RESET, { id }, token)).errors).toMatchObject([
      { extensions: { code: token ? 'FORBIDDEN' : 'UNAUTHENTICATED' } },
    ]);
  expect((await signIn('cleo@example.com')).userErrors[0].code).toBe('SECOND_FACTOR_REQUIRED');
  const { data } = await post(RESET, { id }, await staff('OPERATOR'));
  expect(data.resetSecondFactor).toEqual({ done: true, userErrors: [] });
  expect((await signIn('cleo@example.com')).userErrors).toEqual([]);
});

test('requests for a second factor, accepted and refused ones are counted', async () => {
  const metrics = await (await fetch(new URL('/metrics', shop.url))).text();
  for (const outcome of ['asked', 'accepted', 'refused'])
    expect(metrics).toMatch(new RegExp(`agora_sign_ins_total\\{method="second_factor",outcome="${outcome}"\\} \\d`));
  expect(metrics).toMatch(/agora_sign_ins_total\{method="second_factor",outcome="accepted"\} [1-9]/);
});
