/** Buyers who do not come back from their bank hold up nobody: neither the next order nor a cancellation. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { QUEUES } from '../../platform/sagas/queues.ts';
import { operator } from '../support/agents.ts';
import { type EmbeddedPlatform, openEmbedded } from '../support/platform.ts';
import { available, cancel, done, forSale, newCustomer, placed, read, sagaEnds, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

/** Places of ordinary sagas: few, so that few buyers are more than there are places. */
const PLACES = 4;

let shop: EmbeddedPlatform;
beforeAll(async () => {
  // The worker reads it as it starts.
  QUEUES.ORDINARY.places = PLACES;
  shop = await openEmbedded();
});
afterAll(() => shop?.close());

/** The status of a saga, and the queue in which it waited for a worker. */
const sagaOf = async (id: string) => ({
  ...(await done(shop.ask(`query ($id: ID!) { saga(id: $id) { status } }`, { id }, operator))).saga,
  queue: (
    await shop.kysely
      .selectFrom('dbos.workflow_status')
      .select('queue_name')
      .where('workflow_uuid', '=', id)
      .executeTakeFirstOrThrow()
  ).queue_name,
});
const sagaIs = (id: string, status: string) =>
  untilAnswer(
    () => sagaOf(id),
    (saga) => saga.status === status,
    `${id} does not become ${status}`,
  );

test('while more orders wait for their buyers than there are places, the next order is carried out and a waiting one is cancelled', async () => {
  const [waitsFor, sold] = [await forSale(shop, { stock: 100 }), await forSale(shop, { stock: 5 })];
  const waiting = await Promise.all(
    Array.from({ length: 3 * PLACES }, async () => {
      const lines = [{ variantId: waitsFor, quantity: 1 }];
      return (await placed(shop, { lines, token: 'tok_3ds' }, newCustomer())).order.id;
    }),
  );
  const stillWaiting = async () => {
    const orders = await Promise.all(waiting.map((id) => read(shop, id)));
    return orders.filter(({ status, paymentStatus }) => status === 'PENDING' && paymentStatus === 'REQUIRES_ACTION');
  };
  await untilAnswer(stillWaiting, ({ length }) => length === waiting.length, 'not all wait for their buyers');

  const next = await placed(shop, { lines: [{ variantId: sold, quantity: 1 }] }, newCustomer());
  await settled(shop, next.order.id, 'PROCESSING');
  await sagaEnds(shop, next.order.id, 'COMPLETED');
  expect(await available(shop, sold)).toBe(4);

  const [called, ...others] = waiting as [string, ...string[]];
  const cancellation = (await cancel(shop, called, operator)).saga.id;
  expect(await settled(shop, called, 'CANCELLED')).toMatchObject({
    paymentStatus: 'VOIDED',
    payments: [{ status: 'VOIDED', capturedAmount: { minor: '0' } }],
  });
  await sagaIs(cancellation, 'COMPLETED');
  await sagaEnds(shop, called, 'COMPENSATED');
  // Nothing was done to those that still wait.
  expect((await stillWaiting()).map(({ id }) => id).toSorted()).toEqual(others.toSorted());
  expect(await available(shop, waitsFor)).toBe(100 - others.length);
});

test('a cancellation waits for a worker in the urgent queue, and the order itself in the ordinary one', async () => {
  const lines = [{ variantId: await forSale(shop, { stock: 5 }), quantity: 1 }];
  const { order, saga } = await placed(shop, { lines }, newCustomer());
  await settled(shop, order.id, 'PROCESSING');
  expect(await sagaIs(saga.id, 'COMPLETED')).toEqual({ status: 'COMPLETED', queue: QUEUES.ORDINARY.name });
  const cancellation = (await cancel(shop, order.id, operator)).saga.id;
  await settled(shop, order.id, 'CANCELLED');
  expect(await sagaIs(cancellation, 'COMPLETED')).toEqual({ status: 'COMPLETED', queue: QUEUES.URGENT.name });
});
