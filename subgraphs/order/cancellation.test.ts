import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashOf } from '../../platform/data/idempotency.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { actor, operator, viewer } from '../../tests/support/agents.ts';
import { guestOf, newCustomer, type Orders, openOrders } from './order.testing.ts';

let it: Orders;
beforeAll(async () => {
  it = await openOrders();
});
afterAll(() => it.agents.close());

const eventsOf = async (orderId: string) =>
  (await it.agents.events()).filter((event) => event.aggregate_id === orderId);
const types = (order: { timeline: { type: string }[] }) => order.timeline.map((entry) => entry.type);
const codes = (payload: { userErrors: { code: string }[] }) => payload.userErrors.map(({ code }) => code);

describe('a cancellation', () => {
  test('is requested once, starts its saga, and is completed once', async () => {
    const buyer = newCustomer();
    const id = await it.placed(buyer);
    const { order, saga } = await it.cancel(id, buyer, { reason: 'changed my mind' });
    expect(order).toMatchObject({ status: 'PENDING', cancellationReason: 'CUSTOMER_REQUEST', version: 2 });
    expect(saga.id).toBe(`cancelOrder:${id}`);
    expect(codes(await it.cancel(id, buyer))).toEqual(['ORDER_CANCELLED']);
    for (let n = 0; n < 2; n++) await it.completeCancellation({ orderId: id, reason: 'PAYMENT_DECLINED' });
    expect(await it.read(id)).toMatchObject({
      status: 'CANCELLED',
      cancellationReason: 'CUSTOMER_REQUEST',
      version: 3,
    });
    expect(codes(await it.cancel(id, buyer))).toEqual(['ORDER_CANCELLED']);
    expect((await eventsOf(id)).filter(({ type }) => type === 'order.status_changed')).toMatchObject([
      { payload: { oldStatus: 'PENDING', newStatus: 'CANCELLED', reason: 'CUSTOMER_REQUEST' } },
    ]);
  });

  test('with the same key answers with the same order, and with another request is refused', async () => {
    const buyer = newCustomer();
    const id = await it.placed(buyer);
    const input = { idempotencyKey: 'once', reason: 'a' };
    const [first, again] = [await it.cancel(id, buyer, input), await it.cancel(id, buyer, input)];
    expect(first.userErrors).toEqual([]);
    expect(again).toEqual(first);
    expect(codes(await it.cancel(id, buyer, { ...input, reason: 'b' }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  test('leaves refusals that it caused itself out of the timeline', async () => {
    const at = it.agents.clock.now().toISOString();
    const story = [
      { tells: 'PAYMENT_REFUSED', isRefusal: true, at },
      { tells: 'PAYMENT_VOIDED', at },
    ];
    const [called, declined] = [await it.placed(), await it.placed()];
    await it.cancel(called);
    for (const orderId of [called, declined])
      await it.completeCancellation({ orderId, reason: 'PAYMENT_FAILED', story });
    expect(types(await it.read(called))).toEqual(['PLACED', 'CANCELLATION_REQUESTED', 'PAYMENT_VOIDED', 'CANCELLED']);
    expect(types(await it.read(declined))).toEqual(['PLACED', 'PAYMENT_REFUSED', 'PAYMENT_VOIDED', 'CANCELLED']);
  });

  test('voids a payment that waited for its buyer', async () => {
    const id = await it.placed();
    await it.awaitAction(id);
    await it.completeCancellation({ orderId: id, reason: 'OTHER' });
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'VOIDED' });
  });

  test('has the reason of its requester (the buyer, a guest or the shop), or else of the saga', async () => {
    const buyer = newCustomer();
    const reasons = [buyer, operator].map(
      async (who) => (await it.cancel(await it.placed(buyer), who)).order.cancellationReason,
    );
    expect(await Promise.all(reasons)).toEqual(['CUSTOMER_REQUEST', 'MERCHANT_REQUEST']);
    const guests = await it.placed(ANONYMOUS, { email: 'guest@example.com' });
    expect((await it.cancel(guests, guestOf(guests))).order.cancellationReason).toBe('CUSTOMER_REQUEST');
    const declined = await it.placed();
    await it.completeCancellation({ orderId: declined, reason: 'PAYMENT_DECLINED', paymentStatus: 'FAILED' });
    expect(await it.read(declined)).toMatchObject({ cancellationReason: 'PAYMENT_DECLINED', paymentStatus: 'FAILED' });
  });

  test('is made at the expected version only (optimistic lock)', async () => {
    const buyer = newCustomer();
    const id = await it.placed(buyer);
    await it.confirm(id);
    const stale = await it.cancel(id, buyer, { expectedVersion: 1 });
    expect(stale).toMatchObject({
      order: null,
      userErrors: [{ __typename: 'VersionConflict', code: 'VERSION_CONFLICT', currentVersion: 2 }],
    });
    expect((await it.read(id)).cancellationReason).toBeNull();
    expect((await it.cancel(id, buyer, { expectedVersion: 2 })).userErrors).toEqual([]);
  });

  test('of another buyer’s order, or of an unknown one, is refused alike, and writes nothing', async () => {
    const id = await it.placed();
    const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
    for (const who of [newCustomer(), viewer, merchant, guestOf('order_other')]) {
      const refused = await it.cancel(id, who);
      expect(refused).toMatchObject({ order: null, userErrors: [{ code: 'NOT_FOUND' }] });
      expect(await it.cancel('order_none', who)).toEqual(refused);
    }
    expect(await it.read(id)).toMatchObject({ version: 1, cancellationReason: null });
  });

  test('stores the hash of its request under its key, so that the next release recognises a replay', async () => {
    const [id, idempotencyKey] = [await it.placed(), 'cancelled'];
    await it.cancel(id, operator, { reason: 'sold', expectedVersion: 1, idempotencyKey });
    const kept = await it.agents.kysely
      .selectFrom('order.idempotency')
      .select('requestHash')
      .where('key', '=', idempotencyKey)
      .execute();
    expect(kept).toEqual([{ requestHash: hashOf({ orderId: id, reason: 'sold', expectedVersion: 1 }) }]);
  });

  test('with more than 500 characters of reason is refused', async () => {
    const refused = await it.cancel(await it.placed(), operator, { reason: 'x'.repeat(501) });
    expect(refused.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'reason'] }]);
  });

  test('of a shipped order is refused with advice: send it back', async () => {
    const id = await it.placed();
    await it.agents.kysely.updateTable('order.orders').set({ status: 'SHIPPED' }).where('id', '=', id).execute();
    expect((await it.cancel(id)).userErrors).toMatchObject([
      { code: 'INVALID_STATE', message: expect.stringMatching(/send it back/) },
    ]);
  });
});
