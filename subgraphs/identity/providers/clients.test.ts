/** Configurations of providers. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OpenIdProvider, openOpenIdProvider } from '../../../tests/support/openid-provider.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

let byPost: OpenIdProvider;
let isPublic: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  byPost = await openOpenIdProvider({ authentication: 'client_secret_post' });
  isPublic = await openOpenIdProvider({ authentication: 'none', alg: 'ES256' });
  shop = await openProvided([byPost, isPublic]);
});
afterAll(async () => {
  await shop?.agents.close();
  await byPost?.close();
  await isPublic?.close();
});

test.each([
  ['whose client sends its secret in the body', () => byPost],
  ['whose client has no secret, with tokens signed by ES256', () => isPublic],
])('a provider %s signs users in', async (_, provider) => {
  const subject = `somebody-of-${provider() === byPost ? 'one' : 'another'}`;
  provider().people.set(subject, { email: `${subject}@example.com`, email_verified: true });
  expect(await shop.signIn(provider(), subject)).toMatchObject({ userErrors: [], user: { name: subject } });
});
