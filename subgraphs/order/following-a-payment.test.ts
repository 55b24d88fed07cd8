/** An order follows the events of its payment, in whatever order they and the saga's steps come. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import { Consumer } from '../../platform/consumers/consumer.ts';
import { bindHandlers } from '../../platform/consumers/handler.ts';
import { append } from '../../platform/events/event-log.ts';
import { newId, newUuid } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { handlers } from './handlers.ts';
import { orderService } from './service.ts';
import { newCustomer, type Orders, openOrders } from './order.testing.ts';
import { readableLog } from '../../tests/support/readable-log.ts';

let it: Orders;
let consumer: Consumer;
beforeAll(async () => {
  it = await openOrders();
  const { kysely, clock } = it.agents;
  const bound = bindHandlers(handlers, orderService({ clock } as never));
  consumer = new Consumer({
    agent: 'order',
    kysely,
    notifier: new LogNotifier(),
    log: silentLogger,
    handlers: bound,
  });
  await consumer.register();
});
afterAll(() => it.agents.close());

let id: string;
let paymentId: string;
beforeEach(async () => {
  id = await it.placed(newCustomer());
  paymentId = newId('payment');
});

const amount = { minor: '5000', currency: 'EUR' };
/** Publishes an event as the payment agent. */
const publish = (type: string, payload: Record<string, unknown>, orderId = id) =>
  it.agents.kysely.transaction().execute((transaction) =>
    append(transaction, [
      {
        id: newUuid(),
        type,
        source: 'payment',
        aggregateType: 'payment',
        aggregateId: paymentId,
        aggregateVersion: 1,
        payload: { paymentId, orderId, customerId: null, amount, ...payload },
      },
    ]),
  );
const refund = (minor: string, status: string, refundId = newId('refund')) =>
  publish('payment.refunded', {
    refundId,
    refunded: { minor, currency: 'EUR' },
    status,
    updatedAt: it.agents.clock.now().toISOString(),
  });
/** Consumes the log to its end, and waits for events that open transactions of other tests on the server hide. */
const consume = async (): Promise<void> => {
  await readableLog(it.agents.kysely);
  while ((await consumer.step()) === 'more');
};
const paid = async (): Promise<void> => {
  await it.confirm(id);
  await it.process(id);
};
const payments = async () =>
  (await it.agents.events('order.payment_status_changed')).filter((event) => event.aggregate_id === id);
const timeline = async () =>
  (await it.agents.query('order', { id }, 'timeline { type message amount { amount currency } occurredAt }')).timeline;
const refunds = async () => (await timeline()).filter(({ type }: { type: string }) => type === 'PAYMENT_REFUNDED');

describe('a refund', () => {
  test('changes payment status and version each time, with an event and an entry with the amount', async () => {
    await paid();
    const before = await it.read(id);
    await refund('2000', 'PARTIALLY_REFUNDED');
    await refund('1000', 'PARTIALLY_REFUNDED');
    await consume();
    expect(await it.read(id)).toMatchObject({
      status: 'PROCESSING',
      paymentStatus: 'PARTIALLY_REFUNDED',
      version: before.version + 2,
    });
    await refund('2000', 'REFUNDED');
    await consume();
    expect(await it.read(id)).toMatchObject({ status: 'PROCESSING', paymentStatus: 'REFUNDED' });
    expect(await refunds()).toMatchObject([
      { message: '20.00 EUR was refunded.', amount: { amount: '20.00', currency: 'EUR' } },
      { amount: { amount: '10.00' } },
      { amount: { amount: '20.00' } },
    ]);
    expect((await payments()).map(({ payload }) => [payload.paymentStatus, payload.refunded.minor])).toEqual([
      ['PARTIALLY_REFUNDED', '2000'],
      ['PARTIALLY_REFUNDED', '1000'],
      ['REFUNDED', '2000'],
    ]);
  });

  test('counts once, also if its event is redelivered, even after later ones', async () => {
    await paid();
    const [first, second] = [newId('refund'), newId('refund')];
    for (const [minor, status, refundId] of [
      ['2000', 'PARTIALLY_REFUNDED', first],
      ['3000', 'REFUNDED', second],
      ['3000', 'REFUNDED', second],
      ['2000', 'PARTIALLY_REFUNDED', first],
    ] as const)
      await refund(minor, status, refundId);
    await consume();
    await consume();
    expect(await it.read(id)).toMatchObject({ paymentStatus: 'REFUNDED', version: 5 });
    expect(await payments()).toHaveLength(2);
    expect(await refunds()).toHaveLength(2);
  });

  test('hides no later entry of the timeline, however many refunds there are', async () => {
    await paid();
    for (let n = 0; n < 50; n++) await refund('10', 'PARTIALLY_REFUNDED');
    await refund('4500', 'REFUNDED');
    await consume();
    await it.completeCancellation({ orderId: id, reason: 'OTHER', paymentStatus: 'REFUNDED' });
    expect(await refunds()).toHaveLength(51);
    expect((await timeline()).at(-1)).toMatchObject({ type: 'CANCELLED' });
  });

  test('that comes before the saga reports the capture is not undone by that report', async () => {
    await it.confirm(id);
    await refund('5000', 'REFUNDED');
    await consume();
    await it.process(id, ['PAYMENT_CAPTURED']);
    expect(await it.read(id)).toMatchObject({ status: 'PROCESSING', paymentStatus: 'REFUNDED' });
  });

  test.each(['before', 'after'])(
    'of a cancellation is one entry, also if its event comes %s the saga’s last report',
    async (when) => {
      await paid();
      await it.cancel(id);
      await refund('5000', 'REFUNDED');
      if (when === 'before') await consume();
      const story = [{ tells: 'PAYMENT_REFUNDED', at: it.agents.clock.now().toISOString() }];
      await it.completeCancellation({ orderId: id, reason: 'CUSTOMER_REQUEST', paymentStatus: 'REFUNDED', story });
      expect(await refunds()).toHaveLength(1);
      await consume();
      expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'REFUNDED' });
      expect(await refunds()).toMatchObject([{ amount: { amount: '50.00' } }]);
      expect((await payments()).map(({ payload }) => payload.refunded.minor)).toEqual(['5000']);
    },
  );

  test('of an earlier release, whose event has no status, gets it from its amount', async () => {
    await paid();
    await publish('payment.refunded', { refundId: newId('refund'), refunded: { minor: '1', currency: 'EUR' } });
    await consume();
    expect((await it.read(id)).paymentStatus).toBe('PARTIALLY_REFUNDED');
    await publish('payment.refunded', { refundId: newId('refund'), refunded: amount });
    await consume();
    expect((await it.read(id)).paymentStatus).toBe('REFUNDED');
  });

  test('of an unknown order is passed over', async () => {
    await publish(
      'payment.refunded',
      { refundId: newId('refund'), refunded: amount, status: 'REFUNDED' },
      newId('order'),
    );
    await consume();
    const parked = await it.agents.kysely.selectFrom('platform.parked_event').selectAll().execute();
    expect(parked).toEqual([]);
  });
});

describe('a payment that ends', () => {
  test.each([
    ['payment.voided', 'VOIDED'],
    ['payment.declined', 'FAILED'],
    ['payment.failed', 'FAILED'],
  ])('by %s after its order was cancelled gives the order the payment status %s', async (type, status) => {
    await it.confirm(id);
    await it.completeCancellation({ orderId: id, reason: 'OTHER' });
    expect((await it.read(id)).paymentStatus).toBe('AUTHORIZED');
    await publish(type, { reason: 'r' });
    await consume();
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: status, version: 4 });
    expect((await payments()).map(({ payload }) => payload.paymentStatus)).toEqual([status]);
  });

  test('while the saga is under way is left to the saga, whose last report tells it', async () => {
    await it.confirm(id);
    await publish('payment.voided', {});
    await consume();
    expect(await it.read(id)).toMatchObject({ status: 'CONFIRMED', paymentStatus: 'AUTHORIZED', version: 2 });
    await it.completeCancellation({ orderId: id, reason: 'PAYMENT_FAILED', paymentStatus: 'VOIDED' });
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'VOIDED' });
    expect(await payments()).toEqual([]);
  });

  test('changes nothing if the order knows that already, or a later status', async () => {
    await it.completeCancellation({ orderId: id, reason: 'PAYMENT_FAILED', paymentStatus: 'VOIDED' });
    for (const type of ['payment.failed', 'payment.voided']) await publish(type, { reason: 'r' });
    await consume();
    expect(await it.read(id)).toMatchObject({ paymentStatus: 'VOIDED', version: 2 });
    expect(await payments()).toEqual([]);
  });
});

test('an order that ends before its payment began has the payment status VOIDED', async () => {
  for (const prepare of [async () => {}, () => it.awaitAction(id), () => it.cancel(id)]) {
    id = await it.placed(newCustomer());
    await prepare();
    await it.completeCancellation({ orderId: id, reason: 'INSUFFICIENT_STOCK' });
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'VOIDED' });
  }
});

// As from a saga of an earlier release, whose stored undo has no payment status.
describe('the payment of an order that is cancelled without a payment status', () => {
  type Asked = [what: 'authorisePayment' | 'capturePayment' | 'cancelPayment', token?: string];
  const LIVES: [how: string, status: string, ...Asked[]][] = [
    ['declined', 'FAILED', ['authorisePayment', 'tok_declined']],
    ['declined, and then cancelled', 'FAILED', ['authorisePayment', 'tok_declined'], ['cancelPayment']],
    ['not confirmed by its buyer', 'VOIDED', ['authorisePayment', 'tok_3ds'], ['cancelPayment']],
    ['approved', 'VOIDED', ['authorisePayment', 'tok_ok'], ['cancelPayment']],
    ['not to be had', 'VOIDED', ['authorisePayment', 'tok_capture_fails'], ['capturePayment'], ['cancelPayment']],
    ['taken', 'REFUNDED', ['authorisePayment', 'tok_ok'], ['capturePayment'], ['cancelPayment']],
    ['taken, and its undo was left out', 'CAPTURED', ['authorisePayment', 'tok_ok'], ['capturePayment']],
    ['approved, and its undo was left out', 'AUTHORIZED', ['authorisePayment', 'tok_ok']],
  ];

  test.each(LIVES)('that was %s is %s, as the payment agent answers', async (_, status, ...asked) => {
    for (const isRequested of [false, true]) {
      id = await it.placed(newCustomer());
      if (asked[0]![1] === 'tok_3ds') await it.awaitAction(id);
      if (isRequested) await it.cancel(id);
      for (const [what, token] of asked) await it.pay(id, what, token);
      await it.completeCancellation({ orderId: id, reason: 'OTHER' });
      expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: status });
    }
  });

  test('is looked up also if the order is cancelled already', async () => {
    await it.awaitAction(id);
    await it.pay(id, 'authorisePayment', 'tok_3ds');
    await it.cancel(id);
    await it.agents.kysely.updateTable('order.orders').set({ status: 'CANCELLED' }).where('id', '=', id).execute();
    await it.pay(id, 'cancelPayment');
    await it.completeCancellation({ orderId: id, reason: 'OTHER' });
    expect(await it.read(id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'VOIDED' });
  });
});

test('of two sagas that cancel one order, the one that knows the payment status decides it', async () => {
  for (const told of ['VOIDED', 'REFUNDED']) {
    const orderId = await it.placed(newCustomer());
    await it.cancel(orderId);
    await it.completeCancellation({ orderId, reason: 'OTHER' });
    await it.completeCancellation({ orderId, reason: 'CUSTOMER_REQUEST', paymentStatus: told });
    expect(await it.read(orderId)).toMatchObject({ status: 'CANCELLED', paymentStatus: told });
  }
});
