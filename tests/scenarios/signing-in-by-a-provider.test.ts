/** Signing in by an OpenID provider, through the front door, as a shop's page does. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OpenIdProvider, openOpenIdProvider, REDIRECT_URI } from '../support/openid-provider.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';

let acme: OpenIdProvider;
let shop: TestPlatform;
beforeAll(async () => {
  acme = await openOpenIdProvider();
  const config = { OIDC_PROVIDERS: JSON.stringify([acme.settings('acme')]), SIGN_IN_REDIRECT_URIS: REDIRECT_URI };
  shop = await openPlatform({ config });
});
afterAll(async () => {
  await shop?.close();
  await acme?.close();
});

/** Sends an operation of a page, with a token or without. */
async function ask(query: string, input?: object, token?: string) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const body = JSON.stringify({ query, variables: { input } });
  const response = await fetch(shop.url, { method: 'POST', headers, body });
  const { data, errors } = (await response.json()) as { data?: any; errors?: any[] };
  return { data, errors, code: errors?.[0]?.extensions?.code };
}

const BEGIN = `mutation ($input: BeginProviderSignInInput!) { beginProviderSignIn(input: $input) {
  authorizationUrl attemptToken expiresAt userErrors { code message } } }`;
const COMPLETE = `mutation ($input: CompleteProviderSignInInput!) { completeProviderSignIn(input: $input) {
  accessToken refreshToken expiresAt user { id email emailVerified } userErrors { code message } } }`;
const ME = '{ me { id customer { id name } identities { id provider email } } }';

/** Goes to the provider and comes back. */
async function wayBack(subject: string) {
  const { data } = await ask(BEGIN, { provider: 'acme', redirectUri: REDIRECT_URI });
  const { authorizationUrl, attemptToken, userErrors } = data.beginProviderSignIn;
  expect(userErrors).toEqual([]);
  return { attemptToken, callbackUrl: await acme.visit(authorizationUrl, subject) };
}

test('a new user comes back as a signed-in customer, and comes again as the same', async () => {
  acme.people.set('ada', { email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' });
  expect((await ask('{ identityProviders { id name } }')).data.identityProviders).toEqual([
    { id: 'acme', name: 'Test acme' },
  ]);
  const input = await wayBack('ada');
  const { data } = await ask(COMPLETE, input);
  const { accessToken, user, userErrors } = data.completeProviderSignIn;
  expect([userErrors, user.email, user.emailVerified]).toEqual([[], 'ada@example.com', true]);
  const { data: own, errors } = await ask(ME, undefined, accessToken);
  expect(errors).toBeUndefined();
  expect(own.me).toMatchObject({
    id: user.id,
    customer: { name: 'Ada Lovelace' },
    identities: [{ provider: 'acme', email: 'ada@example.com' }],
  });
  const again = await ask(COMPLETE, await wayBack('ada'));
  expect(again.data.completeProviderSignIn.user.id).toBe(user.id);
  // The last way to sign in cannot be removed.
  const unlink =
    'mutation ($input: UnlinkIdentityInput!) { unlinkIdentity(input: $input) { done userErrors { code } } }';
  const refused = await ask(unlink, { id: own.me.identities[0].id }, accessToken);
  expect(refused.data.unlinkIdentity).toEqual({ done: null, userErrors: [{ code: 'LAST_WAY_IN' }] });
});

test('a user who has signed up with a password links a provider, and then signs in by it', async () => {
  acme.people.set('bob', { email: 'bob@acme.example', email_verified: true, name: 'Bob' });
  const credentials = { email: 'bob@example.com', password: 'correct horse battery' };
  const signUp =
    'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken user { id } userErrors { code } } }';
  const { accessToken, user } = (await ask(signUp, { ...credentials, name: 'Bob' })).data.signUp;
  await shop.kysely
    .updateTable('identity.account')
    .set({ email_verified_at: new Date() })
    .where('id', '=', user.id)
    .execute();
  const begin = BEGIN.replace('beginProviderSignIn', 'beginIdentityLink');
  const link = `mutation ($input: CompleteProviderSignInInput!) { linkIdentity(input: $input) { identity { provider email } userErrors { code } } }`;
  expect((await ask(begin, { provider: 'acme', redirectUri: REDIRECT_URI })).code).toBe('UNAUTHENTICATED');
  const begun = (await ask(begin, { provider: 'acme', redirectUri: REDIRECT_URI }, accessToken)).data.beginIdentityLink;
  const input = { attemptToken: begun.attemptToken, callbackUrl: await acme.visit(begun.authorizationUrl, 'bob') };
  expect((await ask(link, input)).code).toBe('UNAUTHENTICATED');
  expect((await ask(link, input, accessToken)).data.linkIdentity).toEqual({
    identity: { provider: 'acme', email: 'bob@acme.example' },
    userErrors: [],
  });
  expect((await ask(COMPLETE, await wayBack('bob'))).data.completeProviderSignIn.user.id).toBe(user.id);
});

test('an unavailable provider is reported as such, and nobody is let in', async () => {
  acme.people.set('cleo', { email: 'cleo@example.com', email_verified: true });
  const input = await wayBack('cleo');
  acme.intercept = (_, response) => Boolean(response.writeHead(503).end());
  try {
    const { data, errors } = await ask(COMPLETE, input);
    expect(errors).toBeUndefined();
    expect(data.completeProviderSignIn).toMatchObject({
      accessToken: null,
      userErrors: [{ code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining('Test acme gives no answer now') }],
    });
  } finally {
    acme.intercept = undefined;
  }
  expect((await ask(COMPLETE, input)).data.completeProviderSignIn.userErrors).toEqual([]);
});
