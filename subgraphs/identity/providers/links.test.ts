import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lock } from '../../../platform/data/locks.ts';
import { raw } from '../../../platform/data/raw.ts';
import { type Actor, ANONYMOUS } from '../../../platform/identity/actor.ts';
import { actor, admin, operator } from '../../../tests/support/agents.ts';
import { type OpenIdProvider, openOpenIdProvider } from '../../../tests/support/openid-provider.ts';
import { PASSWORD } from '../identity.testing.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

let acme: OpenIdProvider;
let other: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  [acme, other] = [await openOpenIdProvider(), await openOpenIdProvider()];
  shop = await openProvided([acme, other]);
});
afterAll(async () => {
  await shop?.agents.close();
  await acme?.close();
  await other?.close();
});

const at = (name: string): OpenIdProvider => (name === 'acme' ? acme : other);
const know = (name: string, subject: string, email = `${subject}@${name}.example`) =>
  at(name).people.set(subject, { email, email_verified: true, name: subject });

/** A user with a password and a verified address. */
async function member(email: string): Promise<{ id: string; as: Actor; refreshToken: string }> {
  const answer = await shop.client.signUp({ email });
  const { id } = answer.user;
  await raw(shop.agents.kysely, 'update identity.account set email_verified_at = created_at where id = $1', [id]);
  return { id, as: await shop.client.actorOf(answer), refreshToken: answer.refreshToken };
}
const begun = async (name: string, subject: string, as: Actor) => {
  const { authorizationUrl, attemptToken, userErrors } = await shop.beginLink(name, as);
  expect(userErrors).toEqual([]);
  return { attemptToken, callbackUrl: await at(name).visit(authorizationUrl, subject) };
};
const link = async (name: string, subject: string, as: Actor) => {
  const { attemptToken, callbackUrl } = await begun(name, subject, as);
  return shop.link(attemptToken, callbackUrl, as);
};
/** Sets a password by the link of a mail. */
async function setPassword(email: string): Promise<void> {
  await shop.client.mutate('requestPasswordReset', { email }, 'done', ANONYMOUS);
  const mail = shop.agents.kysely.selectFrom('identity.recovery_token').select(['id', 'sealed']).orderBy('id', 'desc');
  const { id, sealed } = await mail.executeTakeFirstOrThrow();
  const input = { token: shop.agents.secrets.open(sealed, `recovery:${id}`), password: PASSWORD };
  expect(await shop.client.mutate('resetPassword', input, 'done', ANONYMOUS)).toEqual({ done: true, userErrors: [] });
}
const refused = (code: string) => ({ identity: null, userErrors: [{ code }] });

describe('linking', () => {
  test('lets the owner of an account sign in by a provider, with any address there', async () => {
    know('acme', 'ada');
    const { id, as } = await member('ada@example.com');
    const { identity, userErrors } = await link('acme', 'ada', as);
    expect([identity, userErrors]).toEqual([
      { id: expect.stringMatching(/^identity_/), provider: 'acme', email: 'ada@acme.example' },
      [],
    ]);
    expect((await shop.signIn(acme, 'ada')).user.id).toBe(id);
    expect((await shop.client.signIn('ada@example.com')).user.id).toBe(id);
    expect(await shop.identities(as)).toMatchObject([{ id: identity.id, provider: 'acme' }]);
    expect((await shop.audit()).filter(({ action }) => action === 'IDENTITY_LINKED')).toMatchObject([
      { userId: id, objectId: identity.id, details: { provider: 'acme' } },
    ]);
  });

  test('again, or after a lost answer, gives the same identity', async () => {
    know('acme', 'bob');
    const { as } = await member('bob@example.com');
    const { attemptToken, callbackUrl } = await begun('acme', 'bob', as);
    const first = await shop.link(attemptToken, callbackUrl, as);
    expect(first.userErrors).toEqual([]);
    expect(await shop.link(attemptToken, callbackUrl, as)).toEqual(first);
    expect(await link('acme', 'bob', as)).toEqual(first);
    expect(await shop.identities(as)).toHaveLength(1);
  });

  test('needs a recent sign-in: a refreshed session is not enough', async () => {
    know('acme', 'cleo');
    const { as, refreshToken } = await member('cleo@example.com');
    shop.agents.clock.advance(601_000);
    await shop.client.refresh(refreshToken);
    expect(await shop.beginLink('acme', as)).toMatchObject({
      attemptToken: null,
      userErrors: [{ code: 'REAUTHENTICATION_REQUIRED' }],
    });
    const again = await shop.client.actorOf(await shop.client.signIn('cleo@example.com'));
    expect((await link('acme', 'cleo', again)).userErrors).toEqual([]);
  });

  test('needs a verified address: otherwise an attacker who took it first would keep a way in', async () => {
    const answer = await shop.client.signUp({ email: 'unproven@example.com' });
    const as = await shop.client.actorOf(answer);
    expect(await shop.beginLink('acme', as)).toMatchObject({
      attemptToken: null,
      userErrors: [{ code: 'EMAIL_NOT_VERIFIED' }],
    });
  });

  test('does not take an identity from another user', async () => {
    know('acme', 'dan');
    const { user } = await shop.signIn(acme, 'dan');
    const { as } = await member('thief@example.com');
    expect(await link('acme', 'dan', as)).toMatchObject(refused('IDENTITY_TAKEN'));
    expect((await shop.signIn(acme, 'dan')).user.id).toBe(user.id);
    expect(await shop.identities(as)).toEqual([]);
  });

  test('is completed in the session that began it only', async () => {
    know('acme', 'eve');
    const { as } = await member('eve@example.com');
    const { as: stranger } = await member('stranger@example.com');
    const { attemptToken, callbackUrl } = await begun('acme', 'eve', as);
    const over = 'INVALID_SIGN_IN_ATTEMPT';
    expect(await shop.link(attemptToken, callbackUrl, stranger)).toMatchObject(refused(over));
    const elsewhere = await shop.client.actorOf(await shop.client.signIn('eve@example.com'));
    expect(await shop.link(attemptToken, callbackUrl, elsewhere)).toMatchObject(refused(over));
    // An attempt to link cannot sign in, and one to sign in cannot link.
    expect((await shop.complete(attemptToken, callbackUrl)).userErrors).toMatchObject([{ code: over }]);
    const signingIn = await shop.begin('acme');
    const cameBack = await acme.visit(signingIn.authorizationUrl, 'eve');
    expect(await shop.link(signingIn.attemptToken, cameBack, as)).toMatchObject(refused(over));
    expect((await shop.link(attemptToken, callbackUrl, as)).userErrors).toEqual([]);
  });
});

describe('unlinking', () => {
  test('ends the way in and all other sessions', async () => {
    know('acme', 'finn', 'finn@example.com');
    const { as } = await member('finn@example.com');
    const { identity } = await link('acme', 'finn', as);
    const byProvider = await shop.signIn(acme, 'finn');
    expect(byProvider.userErrors).toEqual([]);
    expect(await shop.unlink(identity.id, as)).toEqual({ done: true, userErrors: [] });
    expect((await shop.client.refresh(byProvider.refreshToken)).userErrors).toMatchObject([
      { code: 'INVALID_REFRESH_TOKEN' },
    ]);
    expect(await shop.identities(as)).toEqual([]);
    expect((await shop.signIn(acme, 'finn')).userErrors).toMatchObject([{ code: 'EMAIL_TAKEN' }]);
    expect((await shop.audit()).filter(({ action }) => action === 'IDENTITY_UNLINKED')).toMatchObject([
      { objectId: identity.id, details: { provider: 'acme' } },
    ]);
  });

  test('leaves a way in: the last identity needs a password first', async () => {
    know('acme', 'gwen');
    know('other', 'gwen');
    const answer = await shop.signIn(acme, 'gwen');
    const as = await shop.client.actorOf(answer);
    await link('other', 'gwen', as);
    const [first, second] = await shop.identities(as);
    const answers = await Promise.all([shop.unlink(first.id, as), shop.unlink(second.id, as)]);
    const codes = answers.map(({ userErrors }) => userErrors[0]?.code);
    expect(codes.toSorted()).toEqual(['LAST_WAY_IN', undefined]);
    const [left] = await shop.identities(as);
    await setPassword(answer.user.email);
    // The new password has ended all sessions.
    const byPassword = await shop.client.signIn(answer.user.email);
    expect(byPassword.user.id).toBe(answer.user.id);
    expect((await shop.unlink(left.id, await shop.client.actorOf(byPassword))).userErrors).toEqual([]);
  });

  test('needs a recent sign-in', async () => {
    know('acme', 'hal');
    const { as } = await member('hal@example.com');
    const { identity } = await link('acme', 'hal', as);
    shop.agents.clock.advance(601_000);
    expect((await shop.unlink(identity.id, as)).userErrors).toMatchObject([{ code: 'REAUTHENTICATION_REQUIRED' }]);
    expect(await shop.identities(as)).toHaveLength(1);
  });
});

test('a sign-in that is overtaken by an unlinking opens no session', async () => {
  know('acme', 'judy');
  const { id, as } = await member('judy@example.com');
  const { identity } = await link('acme', 'judy', as);
  const { kysely } = shop.agents;
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`;
  let late: Promise<object> | undefined;
  await kysely.transaction().execute(async (transaction) => {
    await lock(transaction, [id]);
    late = shop.signIn(acme, 'judy');
    while ((await raw(kysely, waiting)).rows.length === 0) await setTimeout(5);
    await raw(transaction, 'delete from identity.linked_identity where id = $1', [identity.id]);
  });
  expect(await late).toMatchObject({ accessToken: null, userErrors: [{ code: 'INVALID_SIGN_IN_ATTEMPT' }] });
});

test('identities are visible to their user and to administrators; not to others or to API keys', async () => {
  know('acme', 'iris');
  const { id, as } = await member('iris@example.com');
  const { identity } = await link('acme', 'iris', as);
  const representations = [{ __typename: 'User', id }];
  const query =
    'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { identities { id } } } }';
  const seen = async (who: Actor) =>
    (await shop.client.data('identity', query, { representations }, who))._entities[0]?.identities ?? null;
  expect([await seen(as), await seen(admin)]).toEqual([[{ id: identity.id }], [{ id: identity.id }]]);
  const key = actor({ id, roles: ['CUSTOMER'] });
  const stranger = (await member('other-iris@example.com')).as;
  expect([await seen(operator), await seen(key), await seen(stranger)]).toEqual([null, null, null]);
  expect((await shop.unlink(identity.id, stranger)).userErrors).toEqual([{ code: 'NOT_FOUND', path: ['input', 'id'] }]);
  await expect(shop.unlink(identity.id, key)).rejects.toThrow('not an API key');
  expect(await shop.identities(as)).toHaveLength(1);
});
