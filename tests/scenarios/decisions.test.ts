/** The decision over which locations an order's units were spread, as staff read and review it through the gateway. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { actor, admin, operator, viewer } from '../support/actors.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale, newCustomer, placed, settled } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

const DECISIONS = `query ($order: ID!) {
  inventoryDecisions(filter: { subjectId: $order }) {
    nodes {
      id
      choice
      reasons
      alternatives { choice score reasons }
      weighed
      policy policyVersion source
      inputs decidedBy decidedAt
      outcomes { outcome occurredAt }
      reviews { choice reasons decidedBy }
      replay { result choice reason }
    }
  }
}`;
const REVIEW = `mutation ($input: ReviewDecisionInput!) {
  reviewInventoryDecision(input: $input) { decision { choice reviews { choice reasons } } userErrors { code message path } }
}`;

/** A second location with units of the variant. Returns its id. */
async function secondLocation(variantId: string): Promise<string> {
  const create = `mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } userErrors { message } } }`;
  const input = { code: 'SECOND', name: 'Second', city: 'Lyon', country: 'FR', priority: 900 };
  const { id: locationId } = (await done(shop.ask(create, { input }, admin))).createLocation.location;
  const adjust = `mutation ($input: AdjustStockInput!) { adjustStock(input: $input) { userErrors { message } } }`;
  const units = { variantId, locationId, delta: 50, reason: 'counted', idempotencyKey: newId('key') };
  expect((await done(shop.ask(adjust, { input: units }, admin))).adjustStock.userErrors).toEqual([]);
  return locationId;
}

test('staff read by the order where its units come from and why, and say what they would have chosen', async () => {
  const variantId = await forSale(shop);
  const second = await secondLocation(variantId);
  const customer = newCustomer();
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, customer);
  await settled(shop, order.id, 'PROCESSING');
  const [decision] = (await done(shop.ask(DECISIONS, { order: order.id }, viewer))).inventoryDecisions.nodes;
  expect(decision).toMatchObject({
    policy: 'inventory.spread',
    source: 'POLICY',
    weighed: 2,
    decidedBy: 'agent:orchestration',
    outcomes: [],
    replay: { result: 'SAME', choice: decision.choice },
  });
  expect(decision.alternatives.map(({ choice }: { choice: string }) => choice)).toEqual([decision.choice, second]);

  const reason = 'The other one is nearer.';
  const input = { decisionId: decision.id, choice: second, reason, idempotencyKey: 'review-1' };
  const { reviewInventoryDecision: reviewed } = await done(shop.ask(REVIEW, { input }, operator));
  expect(reviewed).toEqual({
    decision: { choice: decision.choice, reviews: [{ choice: second, reasons: [reason] }] },
    userErrors: [],
  });

  const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_test' });
  for (const other of [customer, merchant, undefined]) {
    const { data, errors } = await shop.ask(DECISIONS, { order: order.id }, other);
    expect(data?.inventoryDecisions ?? null).toBeNull();
    expect(errors?.[0]?.extensions?.code).toMatch(/^(FORBIDDEN|UNAUTHENTICATED)$/);
  }
  const written = async () => (await shop.kysely.selectFrom('inventory.decision').selectAll().execute()).length;
  expect(await written()).toBe(2);
  for (const other of [viewer, merchant, customer]) {
    const { errors } = await shop.ask(REVIEW, { input: { ...input, idempotencyKey: newId('key') } }, other);
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  }
  expect(await written()).toBe(2);
});
