import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Actor, ANONYMOUS } from '../../../platform/identity/actor.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import { PASSWORD } from '../identity.testing.ts';
import { codesOf, MINUTE, secondFactorsOf, STEP } from './second-factor.testing.ts';

let agents: TestAgents;
let it: ReturnType<typeof secondFactorsOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  it = secondFactorsOf(agents);
});
afterAll(() => agents.close());

let n = 0;
let email: string;
let user: { id: string };
let self: Actor;
beforeEach(async () => {
  email = `factor.${++n}@example.com`;
  const answer = await it.client.signUp({ email });
  user = answer.user;
  self = await it.client.actorOf(answer);
});

describe('signing in with a second factor', () => {
  test('takes the password and then a code, and opens one session', async () => {
    const { secret } = await it.added(self);
    const challenge = await it.challenged(email);
    const answer = await it.client.completeSignIn(challenge, it.now(secret));
    expect(answer).toMatchObject({ userErrors: [], user: { id: user.id, email } });
    expect((await it.client.actorOf(answer)).id).toBe(user.id);
    expect((await it.client.refresh(answer.refreshToken)).userErrors).toEqual([]);
    agents.clock.advance(STEP);
    expect(codesOf(await it.client.completeSignIn(challenge, it.now(secret)))).toEqual(['INVALID_CHALLENGE']);
    expect((await it.actionsOf(user.id)).slice(-2)).toEqual(['SECOND_FACTOR_ASKED', 'SIGNED_IN']);
    const [entry] = await it.rows(
      `select details from identity.audit_entry where user_id = $1 and action = 'SIGNED_IN' order by position desc`,
      [user.id],
    );
    expect(JSON.parse(entry.details)).toEqual({ secondFactor: 'TOTP' });
  });

  test('is also required by a repeated sign-up, which signs in', async () => {
    await it.added(self);
    expect(codesOf(await it.client.signUp({ email }))).toEqual(['SECOND_FACTOR_REQUIRED']);
  });

  test('with a wrong password does not reveal the factor', async () => {
    await it.added(self);
    expect(codesOf(await it.client.signIn(email, 'wrong password'))).toEqual(['INVALID_CREDENTIALS']);
  });

  test('by a used code is refused, also with another challenge', async () => {
    const { secret } = await it.added(self);
    const [first, second] = [await it.challenged(email), await it.challenged(email)];
    const code = it.now(secret);
    expect((await it.client.completeSignIn(first, code)).userErrors).toEqual([]);
    expect(codesOf(await it.client.completeSignIn(second, code))).toEqual(['INVALID_SECOND_FACTOR']);
    // An earlier code is refused too: a clock that is behind does not open a second session.
    expect(codesOf(await it.client.completeSignIn(second, it.now(secret, -1)))).toEqual(['INVALID_SECOND_FACTOR']);
    expect((await it.client.completeSignIn(second, it.now(secret, 1))).userErrors).toEqual([]);
  });

  test('by the code that confirmed the factor is refused', async () => {
    const { secret } = await it.enroll(self);
    const code = it.now(secret);
    await it.confirm(code, self);
    expect(codesOf(await it.client.completeSignIn(await it.challenged(email), code))).toEqual([
      'INVALID_SECOND_FACTOR',
    ]);
  });

  test('by one code in eight concurrent requests opens exactly one session', async () => {
    const { secret } = await it.added(self);
    const before = (await it.rows('select id from identity.session where user_id = $1', [user.id])).length;
    const challenge = await it.challenged(email);
    const others = await Promise.all(Array.from({ length: 3 }, () => it.challenged(email)));
    const code = it.now(secret);
    const answers = await Promise.all(
      [challenge, challenge, challenge, challenge, ...others].map((one) => it.client.completeSignIn(one, code)),
    );
    expect(answers.filter(({ accessToken }) => accessToken)).toHaveLength(1);
    expect((await it.rows('select id from identity.session where user_id = $1', [user.id])).length).toBe(before + 1);
  });

  test("by another account's challenge needs that account's code", async () => {
    const { secret } = await it.added(self);
    const other = `other.${n}@example.com`;
    const theirs = await it.client.signUp({ email: other });
    const { secret: theirSecret } = await it.added(await it.client.actorOf(theirs));
    const challenge = await it.challenged(other);
    expect(codesOf(await it.client.completeSignIn(challenge, it.now(secret)))).toEqual(['INVALID_SECOND_FACTOR']);
    const answer = await it.client.completeSignIn(challenge, it.now(theirSecret));
    expect(answer.user.id).toBe(theirs.user.id);
  });

  test('by an expired or forged challenge, or by a token of another kind, is refused', async () => {
    const { secret } = await it.added(self);
    const challenge = await it.challenged(email);
    agents.clock.advance(5 * MINUTE);
    const { refreshToken, accessToken } = await it.client.completeSignIn(await it.challenged(email), it.now(secret));
    agents.clock.advance(STEP);
    for (const one of [challenge, 'made-up', '', refreshToken, accessToken])
      expect(codesOf(await it.client.completeSignIn(one, it.now(secret)))).toEqual(['INVALID_CHALLENGE']);
    expect(codesOf(await it.client.refresh(await it.challenged(email)))).toEqual(['INVALID_REFRESH_TOKEN']);
  });

  test('by a challenge older than a new password is refused, and the new password needs the factor too', async () => {
    const { secret } = await it.added(self);
    const challenge = await it.challenged(email);
    const input = { currentPassword: PASSWORD, newPassword: 'another long password' };
    await it.client.mutate('changePassword', input, 'done', self);
    expect(codesOf(await it.client.completeSignIn(challenge, it.now(secret)))).toEqual(['INVALID_CHALLENGE']);
    expect(codesOf(await it.client.signIn(email, 'another long password'))).toEqual(['SECOND_FACTOR_REQUIRED']);
  });
});

describe('guessing', () => {
  const guess = async (secret: string, challenge: string, times: number, from = it.stranger) => {
    const codes = [];
    for (let i = 0; i < times; i++) codes.push(...codesOf(await from().completeSignIn(challenge, it.wrong(secret, i))));
    return codes;
  };
  const INVALID = 'INVALID_SECOND_FACTOR';
  const BLOCKED = 'TOO_MANY_ATTEMPTS';

  test('is blocked after five codes from any address, and neither new challenges nor the right password free it', async () => {
    const { secret } = await it.added(self);
    for (let i = 0; i < 4; i++)
      expect(await guess(secret, await it.challenged(email, it.stranger()), 1)).toEqual([INVALID]);
    expect(await guess(secret, await it.challenged(email, it.stranger()), 2)).toEqual([INVALID, BLOCKED]);
    const fresh = await it.challenged(email, it.stranger());
    const right = await it.stranger().completeSignIn(fresh, it.now(secret));
    const retryAt = new Date(agents.clock.now().getTime() + MINUTE).toISOString();
    expect(right).toMatchObject({ accessToken: null, userErrors: [{ code: BLOCKED, retryAt }] });
    agents.clock.advance(MINUTE);
    expect(await guess(secret, fresh, 2)).toEqual([INVALID, BLOCKED]);
    agents.clock.advance(2 * MINUTE);
    expect((await it.stranger().completeSignIn(fresh, it.now(secret))).userErrors).toEqual([]);
  });

  test('is not freed by a new password either', async () => {
    const { secret } = await it.added(self);
    await guess(secret, await it.challenged(email, it.stranger()), 5);
    await it.client.mutate('requestPasswordReset', { email }, 'done', ANONYMOUS);
    const [{ id, sealed }] = await it.rows(
      `select id, sealed from identity.recovery_token where user_id = $1 and purpose = 'RESET_PASSWORD'`,
      [user.id],
    );
    expect(sealed).toMatch(/^v1\./);
    const token = agents.secrets.open(sealed, `recovery:${id}`);
    const input = { token, password: 'another long password' };
    expect((await it.client.mutate('resetPassword', input, 'done', ANONYMOUS)).done).toBe(true);
    const { userErrors } = await it.stranger().signIn(email, 'another long password');
    expect(userErrors[0].code).toBe('SECOND_FACTOR_REQUIRED');
    expect(codesOf(await it.stranger().completeSignIn(userErrors[0].challenge, it.now(secret)))).toEqual([BLOCKED]);
  });

  test('concurrently gives no additional guesses', async () => {
    const { secret } = await it.added(self);
    const challenge = await it.challenged(email);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => it.stranger().completeSignIn(challenge, it.wrong(secret, i))),
    );
    expect(answers.flatMap(codesOf).filter((code) => code === INVALID)).toHaveLength(5);
    expect((await it.actionsOf(user.id)).filter((action) => action === 'SECOND_FACTOR_REFUSED')).toHaveLength(5);
  });

  test('from other addresses does not lock the owner out at a recent one', async () => {
    const { secret } = await it.added(self);
    expect((await guess(secret, await it.challenged(email, it.stranger()), 6)).at(-1)).toBe(BLOCKED);
    expect((await it.client.completeSignIn(await it.challenged(email), it.now(secret))).userErrors).toEqual([]);
  });

  test('by removing the factor is blocked too', async () => {
    const { secret } = await it.added(self);
    const codes = [];
    for (let i = 0; i < 6; i++) codes.push(...codesOf(await it.disable(it.wrong(secret, i), self)));
    expect(codes.slice(-2)).toEqual([INVALID, BLOCKED]);
    expect(await it.mine(self)).not.toBeNull();
  });

  test('with text that cannot be a code is refused and not counted', async () => {
    const { secret } = await it.added(self);
    const challenge = await it.challenged(email);
    for (let i = 0; i < 6; i++)
      expect(codesOf(await it.client.completeSignIn(challenge, 'not a code'))).toEqual(['INVALID_INPUT']);
    expect((await it.client.completeSignIn(challenge, it.now(secret))).userErrors).toEqual([]);
  });
});

describe('recovery codes', () => {
  test('replace codes of the app, each once, in any spelling', async () => {
    const { recoveryCodes } = await it.added(self);
    const [first, second] = recoveryCodes as [string, string];
    expect((await it.client.completeSignIn(await it.challenged(email), first)).userErrors).toEqual([]);
    const challenge = await it.challenged(email);
    expect(codesOf(await it.client.completeSignIn(challenge, first))).toEqual(['INVALID_SECOND_FACTOR']);
    const typed = ` ${second.replace('-', ' ').toUpperCase()} `;
    expect((await it.client.completeSignIn(challenge, typed)).userErrors).toEqual([]);
    expect((await it.mine(self)).recoveryCodesLeft).toBe(8);
  });

  test('open one session when one is used concurrently', async () => {
    const { recoveryCodes } = await it.added(self);
    const challenges = await Promise.all(Array.from({ length: 4 }, () => it.challenged(email)));
    const answers = await Promise.all(challenges.map((one) => it.client.completeSignIn(one, recoveryCodes[0]!)));
    expect(answers.filter(({ accessToken }) => accessToken)).toHaveLength(1);
  });

  test('are useless for another account', async () => {
    const { recoveryCodes } = await it.added(self);
    const other = `thief.${n}@example.com`;
    await it.added(await it.client.actorOf(await it.client.signUp({ email: other })));
    const challenge = await it.challenged(other);
    expect(codesOf(await it.client.completeSignIn(challenge, recoveryCodes[0]!))).toEqual(['INVALID_SECOND_FACTOR']);
  });

  test('are replaced by ten others, with a code', async () => {
    const { secret, recoveryCodes: old } = await it.added(self);
    const replaced = await it.client.mutate('replaceRecoveryCodes', { code: it.now(secret) }, 'recoveryCodes', self);
    expect(replaced).toMatchObject({ recoveryCodes: { length: 10 }, userErrors: [] });
    const challenge = await it.challenged(email);
    expect(codesOf(await it.client.completeSignIn(challenge, old[0]!))).toEqual(['INVALID_SECOND_FACTOR']);
    expect((await it.client.completeSignIn(challenge, replaced.recoveryCodes[0])).userErrors).toEqual([]);
    expect(await it.actionsOf(user.id)).toContain('RECOVERY_CODES_REPLACED');
  });
});
