import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { newId } from '../../platform/ids.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { ADDRESS, done, forSale, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';
import { describeInBrowser, openChromium } from './chromium.ts';
import { openGraphiql } from './graphiql-page.ts';

describeInBrowser('GraphiQL in a browser', () => {
  let shop: TestPlatform;
  let browser: Browser;
  beforeAll(async () => {
    [shop, browser] = await Promise.all([openPlatform(), openChromium()]);
  });
  afterAll(() => Promise.all([browser?.close(), shop?.close()]));

  const PASSWORD = 'a long password';
  const signUp = async () => {
    const email = `${newId('user')}@example.com`;
    const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken } }';
    const { signUp: made } = await done(shop.ask(query, { input: { email, password: PASSWORD, name: 'Bea Buyer' } }));
    return { email, token: made.accessToken as string };
  };
  const orderOf = (variantId: string) => ({
    lines: [{ variantId, quantity: 1 }],
    shippingAddress: ADDRESS,
    payment: { token: 'tok_ok' },
    idempotencyKey: newId('key'),
  });
  const placeOrder = async (token: string, variantId: string): Promise<{ id: string; number: string }> => {
    const query = 'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id number } } }';
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const body = JSON.stringify({ query, variables: { input: orderOf(variantId) } });
    const response = await fetch(shop.url, { method: 'POST', headers, body });
    return ((await response.json()) as { data: { placeOrder: { order: { id: string; number: string } } } }).data
      .placeOrder.order;
  };

  test('leads through a first order, tab by tab, without a token or an id copied, and sends requests to its gateway alone', async () => {
    const variantId = await forSale(shop);
    const { email } = await signUp();
    const page = await openGraphiql(browser, shop.url);
    expect(await page.tabs()).toEqual(['Browse', 'SignIn', 'PlaceOrder', 'Watch']);
    await page.run();
    await page.shows(variantId, '"available": 100');
    await page.go('SignIn');
    await page.write('Variables', { input: { email, password: PASSWORD } });
    await page.run();
    await page.shows('"accessToken"', email);
    await page.go('PlaceOrder');
    await page.write('Variables', { input: orderOf(variantId) });
    await page.run();
    const [, number] = /"number": "([^"]+)"/.exec(await page.shows('"number"'))!;
    await page.go('Watch');
    await page.run();
    await page.shows(`"number": "${number}"`, '"status": "PROCESSING"', '"name": "Bea Buyer"');
    expect(page.sent[0]).toEqual({
      type: 'connection_init',
      payload: { authorization: expect.stringMatching(/^Bearer ey/) },
    });
    const { origin, host } = new URL(shop.url);
    expect([...page.origins].sort()).toEqual(['blob:', origin, `ws://${host}`]);
    expect(page.complaints).toEqual([]);
  });

  test('sends the token in the headers editor with a query, and over the socket of a live subscription', async () => {
    const variantId = await forSale(shop);
    const { token } = await signUp();
    const earlier = await placeOrder(token, variantId);
    await settled(shop, earlier.id, 'PROCESSING');
    const page = await openGraphiql(browser, shop.url);
    await page.go('Watch');
    await page.write('Headers', { Authorization: `Bearer ${token}` });
    await page.run();
    await untilAnswer(
      async () => page.sent.length,
      (messages) => messages === 2,
      'it does not subscribe',
    );
    expect(page.sent[0]).toEqual({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    const { number } = await placeOrder(token, variantId);
    await page.shows(`"number": "${number}"`, '"status": "PROCESSING"');
  });

  test('opens with the same tabs again, with their changes', async () => {
    const page = await openGraphiql(browser, shop.url);
    const tabs = await page.tabs();
    await page.reload();
    expect(await page.tabs()).toEqual(tabs);
    await page.go('SignIn');
    await page.write('Variables', { input: { email: 'nobody@example.com', password: PASSWORD } });
    await page.run();
    await page.shows('INVALID_CREDENTIALS');
    await page.reload();
    expect(await page.tabs()).toEqual(tabs);
    await page.run();
    await page.shows('INVALID_CREDENTIALS');
  });

  test('shows that a token is invalid: over HTTP, and when a socket is opened with it', async () => {
    const page = await openGraphiql(browser, shop.url);
    await page.write('Headers', { authorization: 'Bearer nonsense' });
    await page.run();
    await page.shows('UNAUTHENTICATED');
    await page.go('Watch');
    await page.write('Headers', { authorization: 'Bearer nonsense' });
    await page.run();
    expect(await page.shows('socket was closed')).toContain('4403: Forbidden');
  });
});
