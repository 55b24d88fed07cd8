/** Providers without an answer: only their own sign-ins fail. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type OpenIdProvider, openOpenIdProvider } from '../../../tests/support/openid-provider.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

let acme: OpenIdProvider;
let gone: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  [acme, gone] = [await openOpenIdProvider(), await openOpenIdProvider()];
  gone.intercept = (_, response) => Boolean(response.destroy());
  shop = await openProvided([acme, gone]);
  acme.people.set('ada', { email: 'ada@example.com', email_verified: true, name: 'Ada' });
});
afterAll(async () => {
  await shop?.agents.close();
  await acme?.close();
  await gone?.close();
});
afterEach(() => {
  acme.intercept = undefined;
});

const AWAY = { userErrors: [{ code: 'PROVIDER_UNAVAILABLE' }] };
const at =
  (path: string, then: (response: ServerResponse) => void) => (request: IncomingMessage, response: ServerResponse) => {
    const isThere = request.url!.startsWith(path);
    if (isThere) then(response);
    return isThere;
  };

test('agents start without a provider, and sign-ins by others work', async () => {
  expect(await shop.begin('other')).toMatchObject({ authorizationUrl: null, ...AWAY });
  expect((await shop.signIn(acme, 'ada')).userErrors).toEqual([]);
});

test.each([
  ['says that it is broken', (response: ServerResponse) => response.writeHead(503).end('broken')],
  ['breaks off', (response: ServerResponse) => response.destroy()],
  [
    'answers with a page',
    (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
  ],
  ['never answers', () => {}],
])('an attempt whose provider %s can be completed later', async (_, fail) => {
  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const callbackUrl = await acme.visit(authorizationUrl, 'ada');
  acme.intercept = at('/token', fail);
  const before = await shop.traces();
  expect(await shop.complete(attemptToken, callbackUrl)).toMatchObject({ accessToken: null, user: null, ...AWAY });
  expect(await shop.traces()).toEqual(before);
  acme.intercept = undefined;
  expect(await shop.complete(attemptToken, callbackUrl)).toMatchObject({ userErrors: [], user: { name: 'Ada' } });
});

test('five failures in a row open the circuit breaker, and guesses of a client do not count as failures', async () => {
  for (let n = 0; n < 6; n++) {
    const { authorizationUrl, attemptToken } = await shop.begin('acme');
    const callbackUrl = await acme.visit(authorizationUrl, 'ada');
    const guess = callbackUrl.replace(/code=[^&]+/, 'code=guessed');
    expect((await shop.complete(attemptToken, guess)).userErrors).toMatchObject([{ code: 'PROVIDER_REFUSED' }]);
  }
  expect((await shop.signIn(acme, 'ada')).userErrors).toEqual([]);
  const asked = () => gone.asked.get('/.well-known/openid-configuration');
  for (let n = 0; n < 6; n++) expect(await shop.begin('other')).toMatchObject(AWAY);
  const before = asked();
  expect(before).toBeGreaterThanOrEqual(5);
  for (let n = 0; n < 3; n++) expect(await shop.begin('other')).toMatchObject(AWAY);
  expect(asked()).toBe(before);
});
