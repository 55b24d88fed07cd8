/** A provider replaces the password, not the second factor. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OpenIdProvider, openOpenIdProvider } from '../../../tests/support/openid-provider.ts';
import { secondFactorsOf } from '../second-factor/second-factor.testing.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

let acme: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  acme = await openOpenIdProvider();
  shop = await openProvided([acme]);
});
afterAll(async () => {
  await shop?.agents.close();
  await acme?.close();
});

test('a user with a second factor gives its code, and has no session before', async () => {
  acme.people.set('ada', { email: 'ada@example.com', email_verified: true, name: 'Ada' });
  const first = await shop.signIn(acme, 'ada');
  const factors = secondFactorsOf(shop.agents);
  const { secret } = await factors.added(await shop.client.actorOf(first));
  const before = await shop.traces();

  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const callbackUrl = await acme.visit(authorizationUrl, 'ada');
  const asked = await shop.complete(attemptToken, callbackUrl);
  expect(asked).toMatchObject({ accessToken: null, user: null, userErrors: [{ code: 'SECOND_FACTOR_REQUIRED' }] });
  // The answer was lost: the code is required again, not skipped.
  const again = await shop.complete(attemptToken, callbackUrl);
  expect(again).toMatchObject({ accessToken: null, user: null, userErrors: [{ code: 'SECOND_FACTOR_REQUIRED' }] });
  expect(await shop.traces()).toEqual(before);

  const { challenge } = again.userErrors[0];
  expect((await shop.client.completeSignIn(challenge, factors.wrong(secret))).accessToken).toBeNull();
  expect(await shop.client.completeSignIn(challenge, factors.now(secret))).toMatchObject({
    userErrors: [],
    user: { id: first.user.id },
  });
  const actions = (await shop.audit()).map(({ action }) => action);
  expect(actions.slice(-5)).toEqual([
    'SIGNED_IN_BY_PROVIDER',
    'SECOND_FACTOR_ASKED',
    'SECOND_FACTOR_ASKED',
    'SECOND_FACTOR_REFUSED',
    'SIGNED_IN',
  ]);
});
