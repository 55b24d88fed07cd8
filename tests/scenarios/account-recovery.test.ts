/** Verifying an address and resetting a forgotten password, from the request to the mail and back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { pino } from 'pino';
import { type Answer, openPlatform, type SigningPlatform } from '../support/platform.ts';
import { untilAnswer } from '../support/until.ts';

/** The data of an answer without errors; user errors are part of it. */
async function dataOf(asked: Promise<Answer>): Promise<any> {
  const { data, errors } = await asked;
  expect(errors).toBeUndefined();
  return data;
}

const PASSWORD = 'correct horse battery';
const PAGE = 'https://shop.example/account';
const mails = mkdtempSync(join(tmpdir(), 'agora-mails-'));
const logged: string[] = [];
let shop: SigningPlatform;
beforeAll(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  shop = await openPlatform({ config: { MAIL_DIR: mails, RECOVERY_URL: PAGE }, log });
});
afterAll(async () => {
  await shop.close();
  rmSync(mails, { recursive: true });
});

/** The mails to an address, with their tokens, once there are so many. */
const mailsTo = (address: string, count: number, purpose: string) =>
  untilAnswer(
    async () =>
      readdirSync(mails)
        .filter((name) => name.endsWith('.eml'))
        .map((name) => readFileSync(join(mails, name), 'utf8').split('\r\n\r\n') as [string, string])
        .map(([head, body]) => ({ head, text: Buffer.from(body, 'base64').toString() }))
        .filter(({ head, text }) => head.includes(`To: <${address}>`) && text.includes(purpose))
        .map(({ text }) => new URLSearchParams(new URL(/https:\S+/.exec(text)![0]).hash.slice(1)).get('token')!),
    (tokens) => tokens.length >= count,
    `no ${count} mails to ${address}`,
  );

const signUp = async (email: string) => {
  const query = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken user { emailVerified } userErrors { code } } }`;
  return (await dataOf(shop.ask(query, { input: { email, password: PASSWORD, name: 'Ada' } }))).signUp;
};
const signIn = async (email: string, password: string) =>
  (
    await dataOf(
      shop.ask(
        `mutation ($input: SignInInput!) { signIn(input: $input) { accessToken user { emailVerified } userErrors { code } } }`,
        { input: { email, password } },
      ),
    )
  ).signIn;
const ask = async (name: string, type: string, input: object) =>
  (
    await dataOf(
      shop.ask(`mutation ($input: ${type}!) { ${name}(input: $input) { done userErrors { code } } }`, { input }),
    )
  )[name];
const reset = (token: string, password: string) => ask('resetPassword', 'ResetPasswordInput', { token, password });
const requestReset = (email: string) => ask('requestPasswordReset', 'RequestPasswordResetInput', { email });
const INVALID = { done: null, userErrors: [{ code: 'INVALID_RECOVERY_TOKEN' }] };
const DONE = { done: true, userErrors: [] };

test('a new user gets a mail, whose token verifies the address, once', async () => {
  const email = 'ada@example.com';
  expect((await signUp(email)).user.emailVerified).toBe(false);
  const [token] = await mailsTo(email, 1, 'VERIFY_EMAIL');
  expect(await reset(token!, 'another long password')).toEqual(INVALID);
  expect(await ask('verifyEmail', 'VerifyEmailInput', { token })).toEqual(DONE);
  expect(await ask('verifyEmail', 'VerifyEmailInput', { token })).toEqual(INVALID);
  expect((await signIn(email, PASSWORD)).user.emailVerified).toBe(true);
  const [mail] = readdirSync(mails);
  expect(statSync(join(mails, mail!)).mode & 0o077).toBe(0);
});

test('a forgotten password is reset by mail, which ends all sessions, and the lockout after wrong guesses', async () => {
  const email = 'bea@example.com';
  const { refreshToken } = await signUp(email);
  for (let n = 0; n < 6; n++) await signIn(email, 'wrong password');
  expect(await requestReset('BEA@example.com')).toEqual(DONE);
  const [older] = await mailsTo(email, 1, 'RESET_PASSWORD');
  expect(await requestReset(email)).toEqual(DONE);
  const token = (await mailsTo(email, 2, 'RESET_PASSWORD')).find((one) => one !== older);
  expect(await reset(older!, 'another long password')).toEqual(INVALID);
  expect((await reset(token!, 'short')).userErrors).toEqual([{ code: 'WEAK_PASSWORD' }]);
  expect(await reset(token!, 'another long password')).toEqual(DONE);
  for (const used of [token!, older!, 'never-given'])
    expect(await reset(used, 'yet another password')).toEqual(INVALID);
  const refreshed = await dataOf(
    shop.ask(`mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { userErrors { code } } }`, {
      input: { refreshToken },
    }),
  );
  expect(refreshed.refreshSession.userErrors).toEqual([{ code: 'INVALID_REFRESH_TOKEN' }]);
  expect(await signIn(email, 'another long password')).toMatchObject({ userErrors: [], user: { emailVerified: true } });
});

test('a token is valid for half an hour', async () => {
  const email = 'cyd@example.com';
  await signUp(email);
  await requestReset(email);
  const [token] = await mailsTo(email, 1, 'RESET_PASSWORD');
  await sql`update identity.recovery_token set expires_at = now() where purpose = 'RESET_PASSWORD'`.execute(
    shop.kysely,
  );
  expect(await reset(token!, 'another long password')).toEqual(INVALID);
});

test('the answer does not tell whether there is an account, and both are limited alike', async () => {
  const { accessToken } = await signUp('dan@example.com');
  expect(accessToken).toEqual(expect.any(String));
  const [known, unknown] = [[] as unknown[], [] as unknown[]];
  for (let n = 0; n < 6; n++) {
    known.push(await requestReset('dan@example.com'));
    unknown.push(await requestReset('nobody@example.com'));
  }
  expect(unknown).toEqual(known);
  expect(known.at(-1)).toEqual({ done: null, userErrors: [{ code: 'TOO_MANY_ATTEMPTS' }] });
  await mailsTo('dan@example.com', 1, 'RESET_PASSWORD');
  expect(await mailsTo('nobody@example.com', 0, 'RESET_PASSWORD')).toEqual([]);
});

test('a user who knows the password changes it, and keeps only the current session', async () => {
  const email = 'eve@example.com';
  const { accessToken } = await signUp(email);
  const change = async (currentPassword: string, newPassword: string) => {
    const query = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { done userErrors { code } } }`;
    const response = await fetch(shop.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({ query, variables: { input: { currentPassword, newPassword } } }),
    });
    return ((await response.json()) as any).data.changePassword;
  };
  expect((await change('wrong password', 'another long password')).userErrors).toEqual([
    { code: 'INVALID_CREDENTIALS' },
  ]);
  expect(await change(PASSWORD, 'another long password')).toEqual(DONE);
  expect((await signIn(email, PASSWORD)).userErrors).toEqual([{ code: 'INVALID_CREDENTIALS' }]);
  expect((await signIn(email, 'another long password')).userErrors).toEqual([]);
});

test('a link from before the password was changed opens nothing', async () => {
  const email = 'fay@example.com';
  const { accessToken } = await signUp(email);
  await requestReset(email);
  const [token] = await mailsTo(email, 1, 'RESET_PASSWORD');
  const query = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { done userErrors { code } } }`;
  const input = { currentPassword: PASSWORD, newPassword: 'another long password' };
  await fetch(shop.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  expect(await reset(token!, 'a third long password')).toEqual(INVALID);
  expect((await signIn(email, 'a third long password')).userErrors).toEqual([{ code: 'INVALID_CREDENTIALS' }]);
  expect((await signIn(email, 'another long password')).userErrors).toEqual([]);
});

test('no token is stored in the database in plain text, in an event or in a log', async () => {
  const tokens = await mailsTo('dan@example.com', 1, 'RESET_PASSWORD');
  const tables = ['identity.recovery_token', 'notification.mail', 'platform.event_log', 'identity.audit_entry'];
  for (const table of tables) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.raw(table)} t`.execute(shop.kysely);
    expect(rows.length).toBeGreaterThan(0);
    const text = rows.map(({ row }) => row).join();
    expect(tokens.filter((token) => text.includes(token))).toEqual([]);
    expect(text).not.toContain('dan@example.com');
  }
  expect(logged.length).toBeGreaterThan(0);
  expect(tokens.filter((token) => logged.join('').includes(token))).toEqual([]);
});
