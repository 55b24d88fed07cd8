/** Personal data is where it belongs, and nowhere else: not in an event, a saga, an idempotency row or a log (design, section 3). */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { pino } from 'pino';
import { newId } from '../../platform/ids.ts';
import { operator } from '../support/agents.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale, place, placed, read, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

const logged: string[] = [];
let shop: TestPlatform;
beforeAll(async () => {
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  shop = await openPlatform({ log, config: { PAYMENT_TIMEOUT_MS: '2000' } });
});
afterAll(() => shop.close());

/** Words that occur nowhere else. */
const ADDRESS = {
  name: 'Zebedee Quux',
  line1: '17 Xylophone Yard',
  line2: 'Flat Wombat',
  city: 'Llanfair',
  postcode: 'QZ9 9ZQ',
  country: 'GB',
};
const NOTE = 'my wife Philippa has bought it already';
const EMAIL = 'Zebedee.Quux@example.com';
const PERSONAL = ['zebedee', 'quux', 'xylophone', 'wombat', 'llanfair', 'qz9 9zq', 'philippa'];

/** The tables in which any of these words stands, in any column. */
async function tablesWith(words: readonly string[]): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables order by 1`.execute(shop.kysely);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ found: boolean }>`
      select exists (select 1 from ${sql.raw(name)} as t where lower(t::text) like any(${words.map((word) => `%${word.toLowerCase()}%`)}::text[])) as found`.execute(
      shop.kysely,
    );
    if (rows[0]!.found) found.push(name.replaceAll('"', ''));
  }
  return found;
}

const ENDPOINT = `mutation ($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) { endpoint { id } userErrors { message } } }`;
const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;

/** Sends an operation with this token. */
const askAs = async (token: string, query: string, variables: object) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const answer = await fetch(shop.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await answer.json()) as { data: any; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
};

const sagasEnd = () =>
  untilAnswer(
    () => shop.kysely.selectFrom('dbos.workflow_status').select(['workflow_uuid', 'status']).execute(),
    (sagas) => sagas.every(({ status }) => status === 'SUCCESS'),
    'the sagas do not end',
  );

describe('after a guest orders and cancels, and a customer signs up, orders, is declined and errs,', () => {
  let secrets: string[] = [];
  beforeAll(async () => {
    const variantId = await forSale(shop, { stock: 50 });
    // Nobody listens there, and all that would be sent is kept.
    const input = { url: 'http://127.0.0.1:9/', eventTypes: ['*'], idempotencyKey: newId('key') };
    await done(shop.ask(ENDPOINT, { input }, operator));
    const lines = [{ variantId, quantity: 1 }];
    const contact = { email: EMAIL, shippingAddress: ADDRESS, billingAddress: { ...ADDRESS, name: 'Quux and Sons' } };

    const guest = await placed(shop, { lines, ...contact });
    await settled(shop, guest.order.id, 'PROCESSING');
    await askAs(guest.orderToken!, CANCEL, {
      input: { orderId: guest.order.id, reason: NOTE, idempotencyKey: 'cancel' },
    });
    await settled(shop, guest.order.id, 'CANCELLED');

    const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken refreshToken userErrors { code } } }`;
    const { signUp: account } = await done(
      shop.ask(signUp, { input: { email: EMAIL, password: 'correct horse wombat staple', name: ADDRESS.name } }),
    );
    const order = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
    for (const token of ['tok_declined', 'tok_timeout', 'tok_ok']) {
      const input = { lines, ...contact, payment: { token }, idempotencyKey: token };
      const { placeOrder } = await askAs(account.accessToken, order, { input });
      await settled(shop, placeOrder.order.id, 'PROCESSING', 'CANCELLED');
    }
    // Errors are logged, too.
    await place(shop, { lines, ...contact, couponCodes: ['x'] });
    await shop.ask(order, { input: { lines, ...contact, payment: { token: 'tok_ok' }, idempotencyKey: 7 } });
    await shop.ask(`{ order(id: "${EMAIL}\\u0000") { id } }`);
    await sagasEnd();
    secrets = [guest.orderToken!, account.accessToken, account.refreshToken].flatMap((token: string) =>
      token.split('.').slice(-1),
    );
    expect((await read(shop, guest.order.id)).status).toBe('CANCELLED');
  });

  test('personal data is stored in the contact of the order, in the account and in the profile, and nowhere else', async () => {
    const tables = await tablesWith(PERSONAL);
    expect(tables).toContain('order.order_contact');
    expect(tables.filter((name) => !/^(order\.order_contact|identity\.\w+|customer\.\w+)$/.test(name))).toEqual([]);
    expect(tables.filter((name) => name.endsWith('.idempotency'))).toEqual([]);
  });

  test('what is sent by webhooks is among it', async () => {
    const { rows } = await sql<{ types: string[] }>`
      select array_agg(distinct event_type) as types from integration.outbound_delivery`.execute(shop.kysely);
    expect(rows[0]!.types).toEqual(
      expect.arrayContaining(['order.placed', 'customer.created', 'identity.user_registered', 'payment.declined']),
    );
  });

  test('no token is stored in the database as it was issued', async () => {
    expect(await tablesWith(secrets)).toEqual([]);
  });

  test('no log holds either', () => {
    expect(logged.length).toBeGreaterThan(0);
    const all = logged.join('').toLowerCase();
    expect(
      [...PERSONAL, ...secrets.map((secret) => secret.toLowerCase())].filter((word) => all.includes(word)),
    ).toEqual([]);
  });
});
