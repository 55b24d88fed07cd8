/** An ended session or a revoked API key changes no account, whatever its token still says. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { lock } from '../../platform/data/locks.ts';
import { roomSdl } from '../../platform/graphql/room-sdl.ts';
import { ownTypeDefsOf } from '../../platform/graphql/type-defs.ts';
import { Actor, ANONYMOUS } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { admin, openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { secondFactorsOf } from './second-factor/second-factor.testing.ts';
import { PASSWORD } from './identity.testing.ts';

let agents: TestAgents;
let it: ReturnType<typeof secondFactorsOf>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  it = secondFactorsOf(agents);
});
afterAll(() => agents.close());

/** The caller, an administrator, and another user as the target. */
let self: Actor;
let other: Actor;
beforeEach(async () => {
  [self, other] = [await it.client.staff('ADMIN'), await it.client.staff('ADMIN')];
  await it.rows('update identity.account set email_verified_at = now() where id = any($1)', [[self.id, other.id]]);
});

const linked = async (userId: string): Promise<string> => {
  const id = newId('identity');
  await it.rows(
    `insert into identity.linked_identity (id, user_id, provider, issuer, subject, linked_at, last_used_at)
     values ($1, $2, 'acme', 'https://acme', $1, now(), now())`,
    [id, userId],
  );
  return id;
};
const key = async (by: Actor, scopes = ['*:admin']): Promise<string> =>
  (await it.client.mutate('createApiKey', { name: 'key', scopes }, 'apiKey { id }', by)).apiKey.id;

/** Mutations, each with its preparation, that a caller sends by an ended session. */
const DEEDS: Record<string, () => Promise<[input: Record<string, unknown> | undefined, fields: string]>> = {
  unlinkIdentity: async () => [{ id: await linked(self.id) }, 'done'],
  revokeSession: async () => [{ sessionId: other.sessionId }, 'ended'],
  revokeOtherSessions: async () => [undefined, 'ended'],
  revokeUserSessions: async () => [{ userId: other.id }, 'ended'],
  changePassword: async () => [{ currentPassword: PASSWORD, newPassword: 'another long password' }, 'done'],
  requestEmailVerification: async () => {
    await it.rows('update identity.account set email_verified_at = null where id = $1', [self.id]);
    return [undefined, 'done'];
  },
  enrollTotp: async () => [{}, 'secret'],
  confirmTotp: async () => {
    const { secret } = await it.enroll(self);
    return [{ code: it.now(secret) }, 'recoveryCodes'];
  },
  replaceRecoveryCodes: async () => [{ code: (await it.added(self)).recoveryCodes[0] }, 'recoveryCodes'],
  disableTotp: async () => [{ code: it.now((await it.added(self)).secret) }, 'done'],
  resetSecondFactor: async () => {
    await it.added(other);
    return [{ userId: other.id }, 'done'];
  },
  createApiKey: async () => [{ name: 'kept', scopes: ['order:read'] }, 'key'],
  revokeApiKey: async () => [{ id: await key(self) }, 'revoked'],
  setUserRoles: async () => [{ id: other.id, expectedVersion: 2, roles: ['VIEWER'] }, 'user { id }'],
};
/** Mutations that need no check of the caller, with the reason. */
const OTHERS: Record<string, string> = {
  signOut: 'It ends that very session.',
  beginIdentityLink: 'It only says where to go; linkIdentity asks again.',
  linkIdentity: 'It needs a provider: tested with one.',
};

const codeOf = ({ errors }: { errors?: readonly any[] }): string | undefined => errors?.[0]?.originalError?.code;

const TABLES = ['account', 'session', 'second_factor', 'recovery_code', 'api_key', 'linked_identity', 'recovery_token'];
const snapshot = async () => {
  const all = TABLES.map(
    (name) => `(select coalesce(json_agg(t order by t::text), '[]') from identity.${name} t) ${name}`,
  );
  return (await it.rows(`select ${all.join()}`))[0];
};

test('every mutation of signed-in users is tested here, or listed with the reason why not', () => {
  const { definitions } = ownTypeDefsOf(roomSdl(import.meta.dirname));
  const guarded = definitions
    .flatMap((one: any) => (one.name?.value === 'Mutation' ? one.fields : []))
    .filter(
      ({ directives }: any) => !directives.some(({ name }: any) => ['public', 'inaccessible'].includes(name.value)),
    )
    .map(({ name }: any) => name.value);
  expect(guarded.toSorted()).toEqual([...Object.keys(DEEDS), ...Object.keys(OTHERS)].toSorted());
});

describe.each(Object.keys(DEEDS))('%s', (name) => {
  test('works in a living session, and is refused in an ended one', async () => {
    const [input, fields] = await DEEDS[name]!();
    await it.rows(`update identity.session set revoked_at = now(), revoked_reason = 'ENDED_BY_USER' where id = $1`, [
      self.sessionId,
    ]);
    const before = await snapshot();
    expect(codeOf(await agents.attempt(name, input, fields, self))).toBe('UNAUTHENTICATED');
    expect(await snapshot()).toEqual(before);
    await it.rows('update identity.session set revoked_at = null, revoked_reason = null where id = $1', [
      self.sessionId,
    ]);
    expect((await agents.mutate(name, input, fields, self)).userErrors).toEqual([]);
  });
});

describe('an API key', () => {
  const asKey = (id: string, scopes = ['*:admin']) => new Actor({ id: self.id, roles: [], scopes, apiKeyId: id });
  const demote = (as: Actor) =>
    agents.attempt('setUserRoles', { id: other.id, expectedVersion: 2, roles: ['VIEWER'] }, 'user { id }', as);

  test('that was revoked or has expired does nothing, also if the gateway has not heard of it', async () => {
    const id = await key(self);
    const before = (await snapshot()).account;
    await it.rows('update identity.api_key set revoked_at = now() where id = $1', [id]);
    expect(codeOf(await demote(asKey(id)))).toBe('UNAUTHENTICATED');
    await it.rows('update identity.api_key set revoked_at = null, expires_at = $2 where id = $1', [
      id,
      agents.clock.now(),
    ]);
    expect(codeOf(await demote(asKey(id)))).toBe('UNAUTHENTICATED');
    expect((await snapshot()).account).toEqual(before);
  });

  test('whose maker has lost the role does nothing with the scopes that a gateway has cached', async () => {
    const id = await key(self);
    await it.client.setRoles({ id: self.id, expectedVersion: 2, roles: ['OPERATOR'] }, admin);
    const refused = await demote(asKey(id));
    expect(codeOf(refused)).toBe('FORBIDDEN');
    expect(refused.errors![0]!.message).toBe('This needs the scope identity:admin: you no longer have that.');
  });

  test('does what its maker may', async () => {
    expect((await demote(asKey(await key(self)))).data!.setUserRoles.userErrors).toEqual([]);
  });
});

test('concurrent sign-ins of anonymous callers do not wait for one another', async () => {
  const { recoveryCodes } = await it.added(self);
  const [{ email }] = (await it.rows('select email from identity.account where id = $1', [self.id])) as [any];
  const challenge = await it.challenged(email);
  await agents.kysely.transaction().execute(async (transaction) => {
    await lock(transaction, [ANONYMOUS.id]);
    expect((await it.client.completeSignIn(challenge, recoveryCodes[0]!)).userErrors).toEqual([]);
  });
});

describe('of concurrent requests', () => {
  test.each([0, 1, 5])('none unlinks the last way in, %i ms apart', async (delay) => {
    await it.rows('update identity.account set password_hash = null where id = $1', [self.id]);
    const ids = [await linked(self.id), await linked(self.id), await linked(self.id)];
    const told = await Promise.all(
      ids.map(async (id, n) => {
        await new Promise((resolve) => setTimeout(resolve, n * delay));
        return agents.mutate('unlinkIdentity', { id }, 'done userErrors { code }', self);
      }),
    );
    expect(told.flatMap(({ userErrors }) => userErrors)).toEqual([{ code: 'LAST_WAY_IN' }]);
    expect(await it.rows('select 1 from identity.linked_identity where user_id = $1', [self.id])).toHaveLength(1);
  });

  test('none makes more than fifty API keys', async () => {
    await it.rows(
      `insert into identity.api_key (id, user_id, name, hash, hint, scopes, created_at, expires_at)
       select 'apikey_' || $1 || n, $1, 'n', $1 || n, 'agk_', '{order:read}', now(), $2 from generate_series(1, 48) n`,
      [self.id, new Date(agents.clock.now().getTime() + 86_400_000)],
    );
    const create = () => agents.mutate('createApiKey', { name: 'more', scopes: ['order:read'] }, 'key', self);
    const told = await Promise.all(Array.from({ length: 6 }, create));
    expect(told.map(({ userErrors }) => userErrors.length).toSorted()).toEqual([0, 0, 1, 1, 1, 1]);
    expect(await it.rows('select 1 from identity.api_key where user_id = $1', [self.id])).toHaveLength(50);
  });

  test('one sets a password by the link of a mail', async () => {
    const [{ email }] = (await it.rows('select email from identity.account where id = $1', [self.id])) as [any];
    await it.client.mutate('requestPasswordReset', { email }, 'done', self);
    const mail = `select id, sealed from identity.recovery_token where user_id = $1 and purpose = 'RESET_PASSWORD' and used_at is null`;
    const [{ id, sealed }] = (await it.rows(mail, [self.id])) as [any];
    const token = agents.secrets.open(sealed, `recovery:${id}`);
    const passwords = Array.from({ length: 5 }, (_, n) => `a new and better ${n}`);
    const reset = (password: string) => it.client.mutate('resetPassword', { token, password }, 'done', self);
    const told = await Promise.all(passwords.map(reset));
    expect(told.filter(({ done }) => done)).toHaveLength(1);
    const winner = passwords[told.findIndex(({ done }) => done)]!;
    expect((await it.client.signIn(email, winner)).userErrors).toEqual([]);
  });
});
