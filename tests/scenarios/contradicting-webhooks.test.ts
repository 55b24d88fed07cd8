/** Signed webhooks that cannot be true of a real order: an operator sees them fail, and the order is as it was. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { signWebhook } from '../../platform/webhooks/signature.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { operator, viewer } from '../support/agents.ts';
import { type EmbeddedPlatform, openEmbedded } from '../support/platform.ts';
import {
  actionRequired,
  available,
  cancel,
  done,
  forSale,
  newCustomer,
  paymentOf,
  placed,
  read,
  settled,
} from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

let shop: EmbeddedPlatform;
beforeAll(async () => {
  shop = await openEmbedded({ config: { PAYMENT_WEBHOOK_SECRETS: SECRET } });
});
afterAll(() => shop?.close());

/** Delivers a message of the provider. Returns the status. */
async function deliver(id: string, message: object): Promise<number> {
  const body = JSON.stringify(message);
  const door = shop.url.replace('/graphql', '/webhooks/payment/simulator');
  return (await fetch(door, { method: 'POST', body, headers: signWebhook([SECRET], { id, at: new Date(), body }) }))
    .status;
}

const DELIVERIES = `{ paymentWebhooks { nodes { webhookId status attempts error } } }`;
const deliveryOf = async (webhookId: string) =>
  (await done(shop.ask(DELIVERIES, {}, viewer))).paymentWebhooks.nodes.find(
    (delivery: { webhookId: string }) => delivery.webhookId === webhookId,
  );

test.each([
  { captured: '0', currency: 'EUR' },
  { captured: '1', currency: null },
])(
  'CAPTURED with %j pays no order: it fails at the eighth attempt, and the order can still be cancelled',
  async (told) => {
    const [buyer, variantId] = [newCustomer(), await forSale(shop, { stock: 3 })];
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token: 'tok_3ds' }, buyer);
    await actionRequired(shop, order.id);
    const [reference, webhookId] = [await paymentOf(shop, order.id), newId('msg')];
    const data = { reference, status: 'CAPTURED', ...told };
    expect(await deliver(webhookId, { type: 'payment.captured', data })).toBe(202);
    const delivery = await untilAnswer(
      async () => {
        // Its next attempt is due at once.
        const waiting = shop.kysely.updateTable('payment.webhook_delivery').where('webhook_id', '=', webhookId);
        await waiting
          .set({ next_at: new Date(0) })
          .where('status', '=', 'WAITING')
          .execute();
        await shop.agents.runJob('payment', 'handle webhooks');
        return deliveryOf(webhookId);
      },
      ({ status }) => status !== 'WAITING',
      'it is tried for ever',
    );
    const error = expect.stringMatching(/^EVIDENCE_CONTRADICTS: /);
    expect(delivery).toEqual({ webhookId, status: 'FAILED', attempts: 8, error });

    const nothing = { capturedAmount: { minor: '0' } };
    expect(await read(shop, order.id)).toMatchObject({
      status: 'PENDING',
      paymentStatus: 'REQUIRES_ACTION',
      payments: [{ status: 'REQUIRES_ACTION', ...nothing }],
    });
    expect((await shop.agents.events()).filter((event) => event.aggregate_id === reference)).toMatchObject([
      { type: 'payment.action_required' },
    ]);

    const { saga, userErrors } = await cancel(shop, order.id, buyer);
    expect(userErrors).toEqual([]);
    expect(await settled(shop, order.id, 'CANCELLED')).toMatchObject({
      paymentStatus: 'VOIDED',
      payments: [{ status: 'VOIDED', ...nothing }],
    });
    await untilAnswer(
      async () =>
        (await done(shop.ask('query ($id: ID!) { saga(id: $id) { status } }', { id: saga.id }, operator))).saga,
      ({ status }) => status === 'COMPLETED',
      'the cancellation does not end',
    );
    expect(await available(shop, variantId)).toBe(3);
    expect(await paymentViolations(shop.kysely)).toEqual([]);
  },
);
