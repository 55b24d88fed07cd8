/** Refunds by staff of a paid order, as the order, its buyer and its later cancellation show them. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { money, toDecimal } from '../../platform/money.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { operator } from '../support/agents.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import {
  ADDRESS,
  cancel,
  done,
  forSale,
  newCustomer,
  paymentOf,
  placed,
  read,
  sagasEnd,
  settled,
} from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop?.close());
afterEach(async () => {
  // At rest: sagas and payments under way when a test has seen enough go on.
  await untilAnswer(
    () => paymentViolations(shop.kysely),
    (violations) => violations.length === 0,
    'the payments do not add up',
  );
});

type Buyer = ReturnType<typeof newCustomer>;
const types = (order: { timeline: { type: string }[] }): string[] => order.timeline.map((entry) => entry.type);

const buy = async () => {
  const buyer = newCustomer();
  const lines = [{ variantId: await forSale(shop, { stock: 5 }), quantity: 2 }];
  return { orderId: (await placed(shop, { lines }, buyer)).order.id, buyer };
};

describe('a refund', () => {
  const REFUND = `mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) { userErrors { code } } }`;
  const refund = async (orderId: string, amount?: string) => {
    const paymentId = await paymentOf(shop, orderId);
    const input = { paymentId, reason: 'Broken', idempotencyKey: `${orderId} ${amount}` };
    const money = amount && { amount: { amount, currency: 'EUR' } };
    const answer = await done(shop.ask(REFUND, { input: { ...input, ...money } }, operator));
    expect(answer.refundPayment.userErrors).toEqual([]);
  };
  const refunded = async (orderId: string, paymentStatus: string) =>
    untilAnswer(
      () => read(shop, orderId),
      (order) => order.paymentStatus === paymentStatus,
      `the order does not know that it is ${paymentStatus}`,
    );
  const inbox = async (buyer: Buyer): Promise<string[]> =>
    (await done(shop.ask('{ inbox { nodes { type text } } }', {}, buyer))).inbox.nodes
      .filter(({ type }: { type: string }) => type === 'PAYMENT_REFUNDED')
      .map(({ text }: { text: string }) => /[\d.]+ EUR/.exec(text)![0]);

  test('of a part, and then of the rest by a cancellation, is known to the order, told to its buyer live and in the inbox', async () => {
    const { orderId, buyer } = await buy();
    const { version, total } = await settled(shop, orderId, 'PROCESSING');
    const updated = shop.watch(
      `subscription ($id: ID) { orderUpdated(orderId: $id) { type version order { paymentStatus } } }`,
      { id: orderId },
      buyer,
    );
    await refund(orderId, '6.00');
    const partly = await refunded(orderId, 'PARTIALLY_REFUNDED');
    expect(partly).toMatchObject({ status: 'PROCESSING', version: version + 1 });
    expect(types(partly).at(-1)).toBe('PAYMENT_REFUNDED');
    await updated.until((events) =>
      events.some(({ data }) => data.orderUpdated.order.paymentStatus === 'PARTIALLY_REFUNDED'),
    );
    await updated.stop();
    expect((await cancel(shop, orderId, buyer)).userErrors).toEqual([]);
    await settled(shop, orderId, 'CANCELLED');
    await sagasEnd(shop, orderId);
    const left = toDecimal(money(BigInt(total.minor) - 600n, 'EUR'));
    const told = await untilAnswer(
      () => inbox(buyer),
      ({ length }) => length === 2,
      'the buyer is not told of both',
    );
    expect(told).toEqual([`${left} EUR`, '6.00 EUR']);
    const ended = await read(shop, orderId);
    expect(ended.paymentStatus).toBe('REFUNDED');
    expect(types(ended).filter((type) => type === 'PAYMENT_REFUNDED')).toHaveLength(2);
  });

  test('of the whole leaves the order as it is, with its payment REFUNDED, and a later cancellation changes nothing of that', async () => {
    const { orderId, buyer } = await buy();
    await settled(shop, orderId, 'PROCESSING');
    await refund(orderId);
    expect(await refunded(orderId, 'REFUNDED')).toMatchObject({ status: 'PROCESSING' });
    expect((await cancel(shop, orderId, buyer)).userErrors).toEqual([]);
    await settled(shop, orderId, 'CANCELLED');
    await sagasEnd(shop, orderId);
    const ended = await read(shop, orderId);
    expect(ended).toMatchObject({ paymentStatus: 'REFUNDED', payments: [{ status: 'REFUNDED' }] });
    expect(types(ended).filter((type) => type === 'PAYMENT_REFUNDED')).toHaveLength(1);
    expect(await inbox(buyer)).toHaveLength(1);
  });

  test('of the whole shows in the order, in its payment, in its timeline, in a live update and in the inbox', async () => {
    const buyer = newCustomer();
    const lines = [{ variantId: await forSale(shop, { price: '65.90' }), quantity: 1 }];
    const { order } = await placed(shop, { lines }, buyer);
    const before = await settled(shop, order.id, 'PROCESSING');
    expect(before).toMatchObject({ paymentStatus: 'CAPTURED', total: { minor: '8496' } });
    const updates = shop.watch(
      `subscription ($id: ID) { orderUpdated(orderId: $id) { type status version order { paymentStatus } } }`,
      { id: order.id },
      buyer,
    );
    await refund(order.id);
    const told = { type: 'order.payment_status_changed', status: 'PROCESSING', version: before.version + 1 };
    const events = await updates.until((all) => all.some(({ data }) => data.orderUpdated.version > before.version));
    expect(events.at(-1).data.orderUpdated).toEqual({ ...told, order: { paymentStatus: 'REFUNDED' } });
    await updates.stop();
    const all = `query ($id: ID) { order(id: $id) { status paymentStatus payments { status refundedAmount { minor } }
      timeline { type } } inbox(first: 1) { nodes { type } } }`;
    const shown = await untilAnswer(
      () => done(shop.ask(all, { id: order.id }, buyer)),
      (answer) => answer.inbox.nodes[0]?.type === 'PAYMENT_REFUNDED',
      'the buyer gets no message',
    );
    expect(shown.order).toEqual({
      status: 'PROCESSING',
      paymentStatus: 'REFUNDED',
      payments: [{ status: 'REFUNDED', refundedAmount: { minor: '8496' } }],
      timeline: [...before.timeline.map(({ type }: { type: string }) => ({ type })), { type: 'PAYMENT_REFUNDED' }],
    });
  });

  test('of 60.00 of 100.00, and then of the rest, leaves order and payment with one status and one amount after each', async () => {
    const buyer = newCustomer();
    const lines = [{ variantId: await forSale(shop, { price: '100.00' }), quantity: 1 }];
    // No tax is taken there, and shipping is free.
    const shippingAddress = { ...ADDRESS, city: 'New York', region: 'NY', postcode: '10001', country: 'US' };
    const { order } = await placed(shop, { lines, shippingAddress }, buyer);
    let { version } = await settled(shop, order.id, 'PROCESSING');
    const amounts = { amount: { minor: '10000' }, capturedAmount: { minor: '10000' } };
    for (const [amount, paymentStatus, minor] of [
      ['60.00', 'PARTIALLY_REFUNDED', '6000'],
      [undefined, 'REFUNDED', '10000'],
    ] as const) {
      await refund(order.id, amount);
      expect(await refunded(order.id, paymentStatus)).toMatchObject({
        status: 'PROCESSING',
        version: ++version,
        payments: [{ status: paymentStatus, ...amounts, refundedAmount: { minor } }],
      });
    }
    const events = await shop.kysely
      .selectFrom('platform.event_log')
      .select('payload')
      .where('aggregate_id', '=', order.id)
      .where('type', '=', 'order.payment_status_changed')
      .orderBy('position')
      .execute();
    expect(events.map(({ payload }) => payload)).toMatchObject([
      { paymentStatus: 'PARTIALLY_REFUNDED', refunded: { minor: '6000', currency: 'EUR' } },
      { paymentStatus: 'REFUNDED', refunded: { minor: '4000', currency: 'EUR' } },
    ]);
    const timeline = `query ($id: ID) { order(id: $id) { timeline { type amount { amount } } } }`;
    const entries = (await done(shop.ask(timeline, { id: order.id }, buyer))).order.timeline;
    expect(entries.filter(({ type }: { type: string }) => type === 'PAYMENT_REFUNDED')).toEqual([
      { type: 'PAYMENT_REFUNDED', amount: { amount: '60.00' } },
      { type: 'PAYMENT_REFUNDED', amount: { amount: '40.00' } },
    ]);
    const messages = await untilAnswer(
      () => inbox(buyer),
      ({ length }) => length === 2,
      'the buyer is not told of both',
    );
    expect(messages).toEqual(['40.00 EUR', '60.00 EUR']);
  });
});
