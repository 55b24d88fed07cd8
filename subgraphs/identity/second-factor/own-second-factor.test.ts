import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Actor } from '../../../platform/identity/actor.ts';
import { admin, openAgents, type TestAgents } from '../../../tests/support/agents.ts';
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

describe('adding a second factor', () => {
  test('gives a secret without effect until a code confirms it, and then ten single-use codes', async () => {
    const squatted = await it.client.mutate('enrollTotp', {}, 'secret', self);
    expect(squatted).toEqual({ secret: null, userErrors: [{ code: 'EMAIL_NOT_VERIFIED', path: null }] });
    const { secret, uri, expiresAt } = await it.enroll(self);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new URL(uri).searchParams.get('secret')).toBe(secret);
    expect(expiresAt).toBe(new Date(agents.clock.now().getTime() + 15 * MINUTE).toISOString());
    expect((await it.client.signIn(email)).userErrors).toEqual([]);
    expect(await it.mine(self)).toBeNull();
    expect(codesOf(await it.confirm(it.wrong(secret), self))).toEqual(['INVALID_SECOND_FACTOR']);
    expect(codesOf(await it.confirm('abc', self))).toEqual(['INVALID_INPUT']);
    const { recoveryCodes } = await it.confirm(it.now(secret), self);
    expect(recoveryCodes).toHaveLength(10);
    expect(await it.mine(self)).toEqual({ confirmedAt: agents.clock.now().toISOString(), recoveryCodesLeft: 10 });
    await it.challenged(email);
    const kept = JSON.stringify(await it.rows('select * from identity.second_factor, identity.recovery_code'));
    for (const plain of [secret, ...recoveryCodes, ...recoveryCodes.map((code: string) => code.replace('-', ''))])
      expect(kept).not.toContain(plain);
  });

  test('ends the sessions that were begun without it, except the one that adds it', async () => {
    const other = await it.client.signIn(email);
    await it.added(self);
    expect(codesOf(await it.client.refresh(other.refreshToken))).toEqual(['INVALID_REFRESH_TOKEN']);
    expect(await it.client.query('mySessions', {}, 'isCurrent', self)).toEqual([{ isCurrent: true }]);
    expect(await it.actionsOf(user.id)).toEqual(['SIGNED_UP', 'SIGNED_IN', 'SECOND_FACTOR_ADDED']);
  });

  test('needs the password once the sign-in is ten minutes ago', async () => {
    agents.clock.advance(10 * MINUTE + 1);
    expect(await it.enroll(self)).toMatchObject({
      secret: null,
      userErrors: [{ code: 'REAUTHENTICATION_REQUIRED', path: ['input', 'currentPassword'] }],
    });
    expect(codesOf(await it.enroll(self, { currentPassword: 'wrong password' }))).toEqual(['INVALID_CREDENTIALS']);
    expect(codesOf(await it.enroll(self, { currentPassword: PASSWORD }))).toEqual([]);
  });

  test('is blocked after guesses of the password', async () => {
    const guesses = [];
    for (let i = 0; i < 6; i++) guesses.push(...codesOf(await it.enroll(self, { currentPassword: `wrong ${i}` })));
    expect(guesses.slice(-2)).toEqual(['INVALID_CREDENTIALS', 'TOO_MANY_ATTEMPTS']);
  });

  test('again gives another secret, and expires after a quarter of an hour', async () => {
    const first = await it.enroll(self);
    const second = await it.enroll(self);
    expect(codesOf(await it.confirm(it.now(first.secret), self))).toEqual(['INVALID_SECOND_FACTOR']);
    agents.clock.advance(15 * MINUTE);
    expect(codesOf(await it.confirm(it.now(second.secret), self))).toEqual(['INVALID_STATE']);
  });

  test('is refused for a user who has one, and changes nothing', async () => {
    const { secret } = await it.added(self);
    expect(codesOf(await it.enroll(self))).toEqual(['INVALID_STATE']);
    // The right password is no guess.
    for (let i = 0; i < 6; i++)
      expect(codesOf(await it.enroll(self, { currentPassword: PASSWORD }))).toEqual(['INVALID_STATE']);
    expect(codesOf(await it.confirm(it.now(secret), self))).toEqual(['INVALID_STATE']);
    expect((await it.client.completeSignIn(await it.challenged(email), it.now(secret))).userErrors).toEqual([]);
  });

  test('needs a session, not an API key', async () => {
    const key = new Actor({ id: user.id, roles: [], scopes: ['*:admin', '*:write'], apiKeyId: 'apikey_1' });
    const context = { actor: key, correlationId: 'req_1' };
    const identity = agents.host.subgraphs.find(({ name }) => name === 'identity')!;
    for (const query of [
      'mutation { enrollTotp(input: {}) { secret } }',
      'mutation { confirmTotp(input: { code: "123456" }) { recoveryCodes } }',
      'mutation { disableTotp(input: { code: "123456" }) { done } }',
      'mutation { replaceRecoveryCodes(input: { code: "123456" }) { recoveryCodes } }',
      `mutation { resetSecondFactor(input: { userId: "${user.id}" }) { done } }`,
      '{ mySecondFactor { confirmedAt } }',
    ])
      expect(await identity.execute({ query, variables: {} }, context)).toMatchObject({
        errors: [expect.objectContaining({ message: expect.stringContaining('not an API key') })],
      });
  });
});

describe('removing a second factor', () => {
  test('needs a code, and then the password is enough again', async () => {
    const { secret } = await it.added(self);
    const session = await it.client.completeSignIn(await it.challenged(email), it.now(secret));
    const challenge = await it.challenged(email);
    agents.clock.advance(STEP);
    expect(await it.disable(it.now(secret), self)).toEqual({ done: true, userErrors: [] });
    expect(codesOf(await it.client.refresh(session.refreshToken))).toEqual(['INVALID_REFRESH_TOKEN']);
    expect(codesOf(await it.client.completeSignIn(challenge, it.now(secret)))).toEqual(['INVALID_CHALLENGE']);
    expect((await it.client.signIn(email)).userErrors).toEqual([]);
    expect(codesOf(await it.disable(it.now(secret), self))).toEqual(['NOT_FOUND']);
    expect(await it.rows('select * from identity.recovery_code where user_id = $1', [user.id])).toEqual([]);
    expect(await it.actionsOf(user.id)).toContain('SECOND_FACTOR_REMOVED');
  });

  test('works with a recovery code if the app is lost', async () => {
    const { recoveryCodes } = await it.added(self);
    expect(await it.disable(recoveryCodes[9]!, self)).toEqual({ done: true, userErrors: [] });
  });
});

describe('resetting the second factor of another user', () => {
  const reset = (userId: string, as: Actor) => it.client.mutate('resetSecondFactor', { userId }, 'done', as);

  test('is open to operators for customers: all sessions end, and the log names the operator', async () => {
    const operator = await it.client.staff('OPERATOR');
    const { secret } = await it.added(self);
    const session = await it.client.completeSignIn(await it.challenged(email), it.now(secret));
    expect(await reset(user.id, operator)).toEqual({ done: true, userErrors: [] });
    expect(codesOf(await it.client.refresh(session.refreshToken))).toEqual(['INVALID_REFRESH_TOKEN']);
    expect((await it.client.signIn(email)).userErrors).toEqual([]);
    const [entry] = await it.rows(
      `select actor_id, details from identity.audit_entry where user_id = $1 and action = 'SECOND_FACTOR_REMOVED'`,
      [user.id],
    );
    expect(entry.actor_id).toBe(operator.id);
    expect(JSON.parse(entry.details)).toEqual({ by: 'STAFF', roles: ['OPERATOR'] });
    expect(codesOf(await reset(user.id, operator))).toEqual(['NOT_FOUND']);
    expect(codesOf(await reset('user_nobody', operator))).toEqual(['NOT_FOUND']);
  });

  test('is open to administrators for staff, and to no one for themselves', async () => {
    const { secret } = await it.added(self);
    const [operator, administrator] = [await it.client.staff('OPERATOR'), await it.client.staff('ADMIN')];
    await it.client.setRoles({ id: user.id, expectedVersion: 1, roles: ['ADMIN'] }, admin);
    const own = await it.client.actorOf(await it.client.completeSignIn(await it.challenged(email), it.now(secret)));
    await expect(reset(user.id, operator)).rejects.toThrow('administrator');
    expect(await reset(user.id, own)).toMatchObject({ done: null, userErrors: [{ code: 'INVALID_STATE' }] });
    expect((await it.rows('select 1 from identity.second_factor where user_id = $1', [user.id])).length).toBe(1);
    expect(await reset(user.id, administrator)).toMatchObject({ done: true });
  });
});
