import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import { ANONYMOUS } from '../../../platform/identity/actor.ts';
import { type OpenIdProvider, openOpenIdProvider } from '../../../tests/support/openid-provider.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

let acme: OpenIdProvider;
let other: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  [acme, other] = [await openOpenIdProvider(), await openOpenIdProvider({ inIdToken: true })];
  shop = await openProvided([acme, other]);
});
afterAll(async () => {
  await shop?.agents.close();
  await acme?.close();
  await other?.close();
});

/** Adds a user to a provider. */
const know = (provider: OpenIdProvider, subject: string, said: object = {}) =>
  provider.people.set(subject, { email: `${subject}@example.com`, email_verified: true, name: subject, ...said });
const customersNamed = async (name: string) =>
  (await raw(shop.agents.kysely, 'select id, user_id from customer.customer where name = $1', [name])).rows;

test('the providers are public, and their secrets are not', async () => {
  expect(await shop.client.query('identityProviders', {}, 'id name', ANONYMOUS)).toEqual([
    { id: 'acme', name: 'Test acme' },
    { id: 'other', name: 'Test other' },
  ]);
});

test('the authorisation URL requests a code with PKCE, and holds no secret', async () => {
  const { authorizationUrl, attemptToken, expiresAt } = await shop.begin('acme');
  const { searchParams } = new URL(authorizationUrl);
  expect(Object.fromEntries(searchParams)).toEqual({
    client_id: 'agora',
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1/signed-in',
    scope: 'openid email profile',
    code_challenge_method: 'S256',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(authorizationUrl).not.toContain(attemptToken);
  expect(expiresAt).toBe('2026-06-01T12:10:00.000Z');
});

test('a first sign-in makes a user and a customer, without a password', async () => {
  know(acme, 'ada', { email: 'Ada@Example.com', name: 'Ada Lovelace' });
  const answer = await shop.signIn(acme, 'ada');
  expect(answer).toMatchObject({
    userErrors: [],
    user: { email: 'Ada@Example.com', name: 'Ada Lovelace', roles: ['CUSTOMER'], emailVerified: true },
  });
  const self = await shop.client.actorOf(answer);
  expect(await customersNamed('Ada Lovelace')).toEqual([{ id: self.customerId, user_id: answer.user.id }]);
  expect((await shop.client.refresh(answer.refreshToken)).userErrors).toEqual([]);
  expect((await shop.client.signIn('ada@example.com', '')).userErrors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }]);
  expect((await shop.audit()).filter(({ userId }) => userId === answer.user.id).slice(0, 2)).toMatchObject([
    { action: 'IDENTITY_LINKED', details: { provider: 'acme' } },
    { action: 'SIGNED_UP', objectId: self.sessionId },
  ]);
});

test('a later sign-in finds the user by issuer and subject, not by address', async () => {
  know(acme, 'bob');
  const { user } = await shop.signIn(acme, 'bob');
  know(acme, 'bob', { email: 'moved@example.com', email_verified: false });
  const again = await shop.signIn(acme, 'bob');
  expect(again).toMatchObject({ userErrors: [], user: { id: user.id, email: 'bob@example.com' } });
  const { sessionId } = await shop.client.actorOf(again);
  expect((await shop.audit()).slice(-2)).toMatchObject([
    { action: 'SIGNED_IN_BY_PROVIDER', userId: user.id, details: { provider: 'acme' } },
    { action: 'SIGNED_IN', userId: user.id, objectId: sessionId },
  ]);
  // Another person at another provider has the same subject.
  know(other, 'bob', { email: 'other-bob@example.com' });
  expect((await shop.signIn(other, 'bob')).user.id).not.toBe(user.id);
});

test('a provider with all claims in the ID token is not asked for user info', async () => {
  know(other, 'cleo');
  const before = [acme, other].map(({ asked }) => asked.get('/me') ?? 0);
  expect((await shop.signIn(other, 'cleo')).user).toMatchObject({ email: 'cleo@example.com' });
  know(acme, 'cleo-of-acme');
  expect((await shop.signIn(acme, 'cleo-of-acme')).user).toMatchObject({ email: 'cleo-of-acme@example.com' });
  expect([acme, other].map(({ asked }) => asked.get('/me') ?? 0)).toEqual([before[0]! + 1, before[1]!]);
});

test('a taken address opens no account, whichever provider vouches for it', async () => {
  const { user } = await shop.client.signUp({ email: 'dan@example.com' });
  know(acme, 'dan', { email: 'DAN@example.com' });
  const before = await shop.traces();
  expect(await shop.signIn(acme, 'dan')).toMatchObject({
    user: null,
    accessToken: null,
    userErrors: [{ code: 'EMAIL_TAKEN' }],
  });
  expect(await shop.traces()).toEqual(before);
  expect((await shop.audit()).at(-1)).toMatchObject({
    action: 'SIGN_IN_REFUSED',
    userId: null,
    details: { provider: 'acme', reason: 'EMAIL_TAKEN' },
  });
  expect((await shop.client.signIn('dan@example.com')).user.id).toBe(user.id);
});

test.each([
  ['not-verified', { email_verified: false }],
  ['says-nothing', { email_verified: undefined }],
  ['no-address', { email: undefined }],
  ['no-text', { email: 7 }],
  ['not-ours', { email: 'ünï@example.com' }],
])('a user whose address is %s gets no account', async (subject, said) => {
  know(acme, subject, said);
  const before = await shop.traces();
  const answer = await shop.signIn(acme, subject);
  expect(answer).toMatchObject({ user: null, accessToken: null, userErrors: [{ code: 'EMAIL_NOT_VERIFIED' }] });
  expect(await shop.traces()).toEqual(before);
});

test('five concurrent first sign-ins of one person make one user and one customer', async () => {
  know(acme, 'eve', { name: 'Only Eve' });
  const back: [string, string][] = [];
  for (let n = 0; n < 5; n++) {
    const { authorizationUrl, attemptToken } = await shop.begin('acme');
    back.push([attemptToken, await acme.visit(authorizationUrl, 'eve')]);
  }
  const answers = await Promise.all(back.map((one) => shop.complete(...one)));
  expect(answers.map(({ userErrors }) => userErrors)).toEqual([[], [], [], [], []]);
  expect(new Set(answers.map(({ user }) => user.id)).size).toBe(1);
  expect(await customersNamed('Only Eve')).toHaveLength(1);
});

test('a lost answer is repeated for seconds, and never for another callback URL or later', async () => {
  know(acme, 'finn');
  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const callbackUrl = await acme.visit(authorizationUrl, 'finn');
  const [first, again] = [
    await shop.complete(attemptToken, callbackUrl),
    await shop.complete(attemptToken, callbackUrl),
  ];
  expect(again).toMatchObject({ userErrors: [], user: first.user });
  const over = { user: null, accessToken: null, userErrors: [{ code: 'INVALID_SIGN_IN_ATTEMPT' }] };
  expect(await shop.complete(attemptToken, `${callbackUrl}&more`)).toMatchObject(over);
  shop.agents.clock.advance(11_000);
  expect(await shop.complete(attemptToken, callbackUrl)).toMatchObject(over);
});

test('two concurrent requests that complete one attempt ask the provider once', async () => {
  know(acme, 'gwen');
  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const callbackUrl = await acme.visit(authorizationUrl, 'gwen');
  const before = acme.asked.get('/token')!;
  const input = { attemptToken, callbackUrl };
  const answers = await Promise.all(
    [1, 2].map(() => shop.agents.attempt('completeProviderSignIn', input, 'user { id }', ANONYMOUS)),
  );
  expect(acme.asked.get('/token')).toBe(before + 1);
  const users = answers.map(({ data }) => data?.completeProviderSignIn?.user?.id).filter(Boolean);
  expect(new Set(users).size).toBe(1);
  // The request that came too early may be retried.
  expect((await shop.complete(attemptToken, callbackUrl)).user.id).toBe(users[0]);
});

test('a sign-up while the customer agent is away is completed by the retry', async () => {
  know(acme, 'hal', { name: 'Hal Later' });
  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const input = { attemptToken, callbackUrl: await acme.visit(authorizationUrl, 'hal') };
  await raw(shop.agents.kysely, 'alter table customer.customer rename to away');
  try {
    const failed = await shop.agents.attempt('completeProviderSignIn', input, 'accessToken', ANONYMOUS);
    expect(failed).toMatchObject({ data: { completeProviderSignIn: null }, errors: [{}] });
  } finally {
    await raw(shop.agents.kysely, 'alter table customer.away rename to customer');
  }
  const { user } = await shop.complete(input.attemptToken, input.callbackUrl);
  expect(await customersNamed('Hal Later')).toMatchObject([{ user_id: user.id }]);
});

test('no token, code or address is in an event or needlessly readable', async () => {
  know(acme, 'iris', { email: 'iris.secret@example.com' });
  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const callbackUrl = await acme.visit(authorizationUrl, 'iris');
  const answer = await shop.complete(attemptToken, callbackUrl);
  expect(answer.userErrors).toEqual([]);
  const sent = new URL(authorizationUrl).searchParams;
  const secrets = [
    attemptToken,
    new URL(callbackUrl).searchParams.get('code')!,
    answer.accessToken,
    sent.get('nonce')!,
  ];
  const read = async (table: string) =>
    JSON.stringify((await raw(shop.agents.kysely, `select t::text from ${table} t`)).rows);
  const told = `${await read('platform.event_log')}${await read('identity.audit_entry')}`;
  for (const text of [...secrets, 'iris.secret@example.com']) expect(told).not.toContain(text);
  const kept = `${await read('identity.provider_attempt')}${await read('identity.linked_identity')}`;
  for (const text of [...secrets, sent.get('state')!]) expect(kept).not.toContain(text);
  expect(kept).toContain('iris.secret@example.com');
});
