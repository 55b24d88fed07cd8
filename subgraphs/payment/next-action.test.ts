/** The visibility of the page at the bank that a buyer was sent to. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, operator, openAgents, type TestAgents, viewer } from '../../tests/support/agents.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment']);
});
afterAll(() => agents.close());

const URL = 'https://bank.example/page';
/** A payment that waits for its buyer. */
async function waiting(of: { customerId: string | null; orderId: string }): Promise<string> {
  const [id, now] = [newId('payment'), agents.clock.now()];
  const action = { actionUrl: URL, actionExpiresAt: new Date('2099-01-01') };
  const figures = { amountMinor: 1000, currency: 'EUR', createdAt: now, updatedAt: now };
  const row = { id, status: 'REQUIRES_ACTION', ...of, ...action, ...figures };
  await agents.kysely.insertInto('payment.payment').values(row).execute();
  return id;
}

const SHOWN = { status: 'REQUIRES_ACTION', nextAction: { url: URL } };
const WITHHELD = { status: 'REQUIRES_ACTION', nextAction: null };
const key = (scope: string) => actor({ roles: [], scopes: ['payment:read', scope], apiKeyId: newId('apikey') });
const customer = (customerId = newId('customer'), more: 'VIEWER'[] = []) =>
  actor({ roles: ['CUSTOMER', ...more], customerId });
const guest = (orderId: string) => actor({ id: `guest:${orderId}`, roles: ['GUEST'], orderId });
const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });

test('the page is shown to the buyer and to callers who may act for buyers; others see at most that there is one', async () => {
  const [customerId, orderId] = [newId('customer'), newId('order')];
  const ids = [await waiting({ customerId, orderId }), await waiting({ customerId: null, orderId: newId('order') })];
  const guests = await waiting({ customerId: null, orderId: `${orderId}g` });
  const seen = (id: string, as: Actor) => agents.query('payment', { id }, 'status nextAction { url }', as);
  expect(await seen(ids[0]!, customer(customerId))).toEqual(SHOWN);
  expect(await seen(ids[0]!, customer(customerId, ['VIEWER']))).toEqual(SHOWN);
  expect(await seen(guests, guest(`${orderId}g`))).toEqual(SHOWN);
  for (const id of [...ids, guests]) {
    for (const who of [operator, key('payment:write')]) expect(await seen(id, who)).toEqual(SHOWN);
    for (const who of [viewer, actor({ roles: ['ANALYST'] }), key('order:read'), customer(undefined, ['VIEWER'])])
      expect(await seen(id, who)).toEqual(WITHHELD);
    for (const who of [merchant, customer(), guest(newId('order'))]) expect(await seen(id, who)).toBeNull();
  }
});

test('the same holds for a payment that is read by its order', async () => {
  const orderId = newId('order');
  await waiting({ customerId: null, orderId });
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) {
    ... on Order { payments { status nextAction { url } } } } }`;
  const of = [{ __typename: 'Order', id: orderId }];
  const seen = async (as: Actor) => (await agents.data('payment', query, { of }, as))._entities[0].payments;
  expect(await seen(guest(orderId))).toEqual([SHOWN]);
  expect(await seen(operator)).toEqual([SHOWN]);
  expect(await seen(viewer)).toEqual([WITHHELD]);
  expect(await seen(merchant)).toEqual([]);
});
