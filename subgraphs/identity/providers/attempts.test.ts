import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import { ANONYMOUS } from '../../../platform/identity/actor.ts';
import { createStore } from '../../../platform/store/store.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { type OpenIdProvider, openOpenIdProvider } from '../../../tests/support/openid-provider.ts';
import type { Tables } from '../entities.ts';
import { forgetExpired } from '../sessions/forget-expired.ts';
import { openProvided, type ProvidedAgents } from './providers.testing.ts';

let acme: OpenIdProvider;
let shop: ProvidedAgents;
beforeAll(async () => {
  acme = await openOpenIdProvider();
  shop = await openProvided([acme]);
  acme.people.set('ada', { email: 'ada@example.com', email_verified: true, name: 'Ada' });
});
afterAll(async () => {
  await shop?.agents.close();
  await acme?.close();
});

test('an attempt whose request died is completed by a retry after its claim has expired', async () => {
  const { authorizationUrl, attemptToken } = await shop.begin('acme');
  const input = { attemptToken, callbackUrl: await acme.visit(authorizationUrl, 'ada') };
  const busy = new Date(shop.agents.clock.now().getTime() + 10_000);
  await raw(shop.agents.kysely, 'update identity.provider_attempt set busy_until = $1', [busy]);
  const tooEarly = await shop.agents.attempt('completeProviderSignIn', input, 'accessToken', ANONYMOUS);
  expect(tooEarly).toMatchObject({ data: { completeProviderSignIn: null }, errors: [{}] });
  expect(acme.asked.get('/token')).toBeUndefined();
  shop.agents.clock.advance(10_001);
  expect((await shop.complete(input.attemptToken, input.callbackUrl)).userErrors).toEqual([]);
});

test('expired attempts are deleted, and others are not', async () => {
  const { agents } = shop;
  const count = async () => (await raw(agents.kysely, 'select 1 from identity.provider_attempt')).rows.length;
  const store = createStore<Tables>({
    agent: 'identity',
    kysely: agents.kysely,
    notifier: new LogNotifier(),
  });
  const forget = () => forgetExpired({ store, clock: agents.clock }).run(new AbortController().signal, agents.kysely);
  const before = await count();
  agents.clock.advance(300_000);
  await shop.begin('acme');
  await forget();
  expect(await count()).toBe(before + 1);
  agents.clock.advance(301_000);
  await forget();
  expect(await count()).toBe(1);
});

describe('an attempt that was begun before its account was secured', () => {
  const refused = { userErrors: [{ code: 'INVALID_SIGN_IN_ATTEMPT' }] };
  let userId: string;
  beforeEach(async () => {
    userId = (await shop.signIn(acme, 'ada')).user.id;
    shop.agents.clock.advance(1);
  });
  const shut = async () => {
    shop.agents.clock.advance(1);
    await shop.client.mutate('revokeUserSessions', { userId }, 'ended');
    shop.agents.clock.advance(1);
  };
  const sessions = async () =>
    (await raw(shop.agents.kysely, 'select 1 from identity.session where revoked_at is null')).rows.length;

  test('signs no one in; one that is begun after does', async () => {
    const { authorizationUrl, attemptToken } = await shop.begin('acme');
    const callbackUrl = await acme.visit(authorizationUrl, 'ada');
    await shut();
    expect(await shop.complete(attemptToken, callbackUrl)).toMatchObject(refused);
    expect(await shop.complete(attemptToken, callbackUrl)).toMatchObject(refused);
    expect(await sessions()).toBe(0);
    expect((await shop.signIn(acme, 'ada')).userErrors).toEqual([]);
  });

  test('does not repeat a lost answer any more', async () => {
    const { authorizationUrl, attemptToken } = await shop.begin('acme');
    const callbackUrl = await acme.visit(authorizationUrl, 'ada');
    expect((await shop.complete(attemptToken, callbackUrl)).userErrors).toEqual([]);
    await shut();
    expect(await shop.complete(attemptToken, callbackUrl)).toMatchObject(refused);
    expect(await sessions()).toBe(0);
  });

  test('links nothing, also in a session that goes on', async () => {
    acme.people.set('eve', { email: 'eve@example.com', email_verified: true, name: 'Eve' });
    const as = await shop.client.actorOf(await shop.signIn(acme, 'ada'));
    const { authorizationUrl, attemptToken } = await shop.beginLink('acme', as);
    const callbackUrl = await acme.visit(authorizationUrl, 'eve');
    await shop.client.mutate('revokeOtherSessions', undefined, 'ended', as);
    expect(await shop.link(attemptToken, callbackUrl, as)).toMatchObject({ identity: null, ...refused });
    expect(await shop.identities(as)).toHaveLength(1);
  });
});
