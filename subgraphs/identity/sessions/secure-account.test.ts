/** Pending access to an account ends when the account is secured, in every way to secure it. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../platform/identity/actor.ts';
import { newId } from '../../../platform/ids.ts';
import { admin, openAgents, service, type TestAgents } from '../../../tests/support/agents.ts';
import { codesOf, secondFactorsOf, STEP } from '../second-factor/second-factor.testing.ts';
import { PASSWORD } from '../identity.testing.ts';
import { hashOfToken } from './refresh-token.ts';

const NEW = 'a new and better one';
const NEWER = 'and another one beside';

let agents: TestAgents;
let it: ReturnType<typeof secondFactorsOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  it = secondFactorsOf(agents);
});
afterAll(() => agents.close());

let email: string;
let userId: string;
let owner: Actor;
beforeEach(async () => {
  email = `${newId('secured')}@example.com`;
  const signedUp = await it.client.signUp({ email });
  userId = signedUp.user.id;
  owner = await it.client.actorOf(signedUp);
});

/** The token of the mail that was requested last. */
async function mailed(purpose: 'VERIFY_EMAIL' | 'RESET_PASSWORD'): Promise<string> {
  const text = 'select id from identity.recovery_token where user_id = $1 and purpose = $2 order by id desc limit 1';
  const [{ id }] = (await it.rows(text, [userId, purpose])) as [{ id: string }];
  const { sealedToken } = await agents.query('recoveryMail', { id }, 'sealedToken', service);
  return agents.secrets.open(sealedToken, `recovery:${id}`);
}
async function resetLink(): Promise<string> {
  expect(await it.client.mutate('requestPasswordReset', { email }, 'done', owner)).toMatchObject({ done: true });
  return mailed('RESET_PASSWORD');
}
const reset = (token: string, password = NEWER, more: object = {}) =>
  it.client.mutate('resetPassword', { token, password, ...more }, 'done', owner);
const verify = (token: string) => it.client.mutate('verifyEmail', { token }, 'done', owner);

async function challenge(): Promise<string> {
  const text = `insert into identity.sign_in_challenge (hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)`;
  const [token, now] = [newId('challenge'), agents.clock.now()];
  await it.rows(text, [hashOfToken(token), userId, now, new Date(now.getTime() + 300_000)]);
  return token;
}
const addFactor = async (): Promise<string> => (await it.added(owner)).secret;
const link = async (): Promise<string> => {
  const id = newId('identity');
  const text = `insert into identity.linked_identity (id, user_id, provider, issuer, subject, linked_at, last_used_at) values ($1, $2, 'acme', 'https://acme', $1, now(), now())`;
  await it.rows(text, [id, userId]);
  return id;
};

const INVALID = { done: null, userErrors: [{ code: 'INVALID_RECOVERY_TOKEN', path: ['input', 'token'] }] };
const changePassword = (newPassword = NEW) =>
  it.client.mutate('changePassword', { currentPassword: PASSWORD, newPassword }, 'done', owner);
const asStaff = (name: string, input: Record<string, unknown>, fields: string) => it.client.mutate(name, input, fields);

/** The ways to secure an account; the secret is that of its second factor, if it has one. */
const SHUT: [string, 'with' | 'without', (secret: string) => Promise<unknown>][] = [
  ['changePassword', 'without', () => changePassword()],
  ['revokeOtherSessions', 'without', () => it.client.mutate('revokeOtherSessions', undefined, 'ended', owner)],
  ['revokeUserSessions', 'without', () => asStaff('revokeUserSessions', { userId }, 'ended')],
  ['setUserRoles', 'without', () => it.client.setRoles({ id: userId, expectedVersion: 1, roles: ['VIEWER'] }, admin)],
  ['resetPassword', 'without', async () => reset(await resetLink(), NEW)],
  ['unlinkIdentity', 'without', async () => it.client.mutate('unlinkIdentity', { id: await link() }, 'done', owner)],
  ['confirmTotp', 'without', addFactor],
  ['disableTotp', 'with', (secret) => it.disable(it.now(secret), owner)],
  [
    'resetSecondFactor',
    'with',
    async () => it.client.mutate('resetSecondFactor', { userId }, 'done', await it.client.staff('OPERATOR')),
  ],
];

describe.each(SHUT)('%s ends', (name, factor, shut) => {
  test('all pending access: links of mails, a sign-in, an unconfirmed second factor', async () => {
    const secret = factor === 'with' ? await addFactor() : '';
    await it.rows('update identity.account set email_verified_at = null where id = $1', [userId]);
    await it.client.mutate('requestEmailVerification', undefined, 'done', owner);
    const [toVerify, toSignIn] = [await mailed('VERIFY_EMAIL'), await challenge()];
    const toReset = await resetLink();
    const isPending = factor === 'without' && name !== 'confirmTotp';
    const pending = isPending ? (await it.enroll(owner)).secret : undefined;
    expect(JSON.stringify((await shut(secret)) ?? {})).not.toContain('"code"');

    expect(await reset(toReset)).toEqual(INVALID);
    expect(await verify(toVerify)).toEqual(INVALID);
    expect(codesOf(await it.client.completeSignIn(toSignIn, '123456'))).toEqual(['INVALID_CHALLENGE']);
    if (pending) {
      const code = it.now(pending);
      const left = await it.rows('select 1 from identity.second_factor where user_id = $1', [userId]);
      expect(left).toEqual([]);
      // The code of a session that still, or again, lives.
      const again = await agents.attempt('confirmTotp', { code }, 'userErrors { code }', owner);
      const told = (again.errors?.[0]?.originalError as any)?.code ?? again.data!.confirmTotp.userErrors[0].code;
      expect(['INVALID_STATE', 'UNAUTHENTICATED']).toContain(told);
    }
    agents.clock.advance(STEP);
    expect((await reset(await resetLink())).done).toBe(true);
  });
});

describe('a link of a mail', () => {
  test('is good until a newer one is requested, used or not', async () => {
    const older = await resetLink();
    const newer = await resetLink();
    expect(await reset(older)).toEqual(INVALID);
    expect((await reset(newer)).done).toBe(true);
    const firstMail = await mailed('VERIFY_EMAIL').catch(() => undefined);
    expect(firstMail).toBeUndefined();
  });

  test('to verify an address is superseded likewise, and the two kinds do not supersede each other', async () => {
    const older = await mailed('VERIFY_EMAIL');
    const toReset = await resetLink();
    await it.client.mutate('requestEmailVerification', undefined, 'done', owner);
    const newer = await mailed('VERIFY_EMAIL');
    expect(await verify(older)).toEqual(INVALID);
    expect((await verify(newer)).done).toBe(true);
    expect((await reset(toReset)).done).toBe(true);
  });

  test('that is requested concurrently leaves exactly one good', async () => {
    for (let round = 0; round < 3; round++) {
      await it.rows('delete from identity.sign_in_attempts');
      await Promise.all(
        Array.from({ length: 4 }, () => it.client.mutate('requestPasswordReset', { email }, 'done', owner)),
      );
      const good = await it.rows(
        `select id from identity.recovery_token where user_id = $1 and purpose = 'RESET_PASSWORD' and used_at is null`,
        [userId],
      );
      expect(good).toHaveLength(1);
    }
  });

  test('sets no password once the account is secured, however close', async () => {
    for (const delay of [0, 1, 5, 0, 1, 5]) {
      await it.rows('delete from identity.sign_in_attempts');
      const link = await resetLink();
      const [ended, late] = await Promise.all([
        agents.attempt('revokeOtherSessions', undefined, 'ended', owner),
        setTimeout(delay).then(() => reset(link)),
      ]);
      // Either it came first, and has ended the session that secures; or it came too late, and its password is not set.
      expect(late.done === true).toBe(ended.errors !== undefined);
      expect((await it.client.signIn(email, NEWER)).userErrors.length === 0).toBe(late.done === true);
      if (late.done) return;
    }
  });
});

describe('setting a new password by mail', () => {
  const kept = async () => {
    const keys = await it.rows('select 1 from identity.api_key where user_id = $1 and revoked_at is null', [userId]);
    const identities = await it.rows('select 1 from identity.linked_identity where user_id = $1', [userId]);
    return { keys: keys.length, identities: identities.length };
  };
  beforeEach(async () => {
    await it.client.setRoles({ id: userId, expectedVersion: 1, roles: ['VIEWER'] }, admin);
    owner = await it.client.actorOf(await it.client.signIn(email));
    await it.client.mutate('createApiKey', { name: 'kept', scopes: ['order:read'] }, 'key', owner);
    await link();
  });

  test('ends API keys and identities, which a thief may have made with the old one, and audits each', async () => {
    expect((await reset(await resetLink())).done).toBe(true);
    expect(await kept()).toEqual({ keys: 0, identities: 0 });
    const actions = await it.actionsOf(userId);
    expect(actions.slice(-3)).toEqual(['PASSWORD_RESET', 'IDENTITY_UNLINKED', 'API_KEY_REVOKED']);
    expect((await agents.events('identity.api_key_revoked')).at(-1)!.payload.userId).toBe(userId);
  });

  test('keeps those that its owner asks to keep', async () => {
    expect((await reset(await resetLink(), NEW, { keepApiKeys: true })).done).toBe(true);
    expect(await kept()).toEqual({ keys: 1, identities: 0 });
    await link();
    expect((await reset(await resetLink(), NEWER, { keepApiKeys: true, keepIdentities: true })).done).toBe(true);
    expect(await kept()).toEqual({ keys: 1, identities: 1 });
  });

  test('keeps both if it is the first password, which cannot have been stolen', async () => {
    await it.rows('update identity.account set password_hash = null where id = $1', [userId]);
    expect((await reset(await resetLink())).done).toBe(true);
    expect(await kept()).toEqual({ keys: 1, identities: 1 });
  });
});

test('of two concurrent changes of one password one is refused', async () => {
  const told = await Promise.all([changePassword(NEW), changePassword(NEWER)]);
  expect(told.flatMap(codesOf)).toEqual(['INVALID_CREDENTIALS']);
});

test('every table that refers to an account is ended with it, or listed with the reason why not', async () => {
  const ENDED = ['provider_attempt', 'recovery_token', 'second_factor', 'session', 'sign_in_challenge'];
  const STAYS = {
    api_key: 'Programs go on: revoked by their owner, and when a password is reset by mail.',
    audit_entry: 'It tells what was done.',
    linked_identity: 'A way in of its own: unlinked by its owner, and when a password is reset by mail.',
    recovery_code: 'Belongs to a second factor, and goes with it.',
    refresh_token: 'Belongs to a session, and ends with it.',
  };
  const rows = await it.rows(
    `select distinct table_name from information_schema.columns
      where table_schema = 'identity' and column_name in ('user_id', 'session_id')`,
  );
  expect(rows.map(({ table_name }) => table_name).toSorted()).toEqual([...ENDED, ...Object.keys(STAYS)].toSorted());
});
