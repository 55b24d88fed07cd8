import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { actor, operator, openAgents, service, type TestAgents, viewer } from '../../tests/support/agents.ts';
import { newId } from '../../platform/ids.ts';
import { paymentViolations } from './invariants.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment'], { config: { PAYMENT_TIMEOUT_MS: '2000', PAYMENT_ACTION_SECONDS: '600' } });
});
afterAll(() => agents.close());

const PAYMENT =
  'payment { id status amount { minor currency } capturedAmount { minor } refundedAmount { minor } failure nextAction { type url expiresAt } } userErrors { code message }';
const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });
const customerId = newId('customer');
const customer = actor({ roles: ['CUSTOMER'], customerId });
const newOrder = () => newId('order');
const authorise = (orderId: string, token = 'tok_ok', more = {}) => {
  const input = { orderId, customerId, token, amount: { amount: '12.34', currency: 'EUR' }, ...more };
  return agents.mutate('authorisePayment', keyed(input), PAYMENT, service);
};
const capture = (orderId: string) => agents.mutate('capturePayment', keyed({ orderId }), PAYMENT, service);
const cancel = (orderId: string) =>
  agents.mutate('cancelPayment', keyed({ orderId, reason: 'CUSTOMER_REQUEST' }), `outcome ${PAYMENT}`, service);
const settle = (orderId: string) => agents.mutate('settlePaymentAction', keyed({ orderId }), PAYMENT, service);
const confirm = (paymentId: string, as = customer, more = {}) =>
  agents.mutate('confirmPayment', keyed({ paymentId, ...more }), PAYMENT, as);
const refund = (paymentId: string, amount?: string, more = {}) => {
  const input = { paymentId, reason: 'Broken', ...(amount && { amount: { amount, currency: 'EUR' } }), ...more };
  return agents.mutate('refundPayment', keyed(input), PAYMENT, operator);
};
const paid = async () => {
  const orderId = newOrder();
  await authorise(orderId);
  return { orderId, id: (await capture(orderId)).payment.id as string };
};
const byStatus = (a: { status: string }, b: { status: string }) => a.status.localeCompare(b.status);
/** The entries in the simulator's books for a payment: `{ AUTHORISE: 1, CAPTURE: 1 }`. */
const moves = async (reference: string): Promise<Record<string, number>> => {
  const rows = await agents.kysely
    .selectFrom('payment.simulator_entry')
    .select('kind')
    .where('reference', '=', reference)
    .execute();
  return Object.fromEntries(
    Object.entries(Object.groupBy(rows, (row) => row.kind as string)).map(([kind, of]) => [kind, of!.length]),
  );
};
const eventsOf = async (id: string) =>
  (await agents.events()).filter((event) => event.aggregate_id === id).map((event) => event.type);

describe('a good card', () => {
  test('is authorised and captured, with one event for each', async () => {
    const orderId = newOrder();
    const authorised = await authorise(orderId);
    expect(authorised).toMatchObject({
      payment: { status: 'AUTHORIZED', amount: { minor: '1234', currency: 'EUR' }, capturedAmount: { minor: '0' } },
      userErrors: [],
    });
    const captured = await capture(orderId);
    expect(captured.payment).toMatchObject({
      id: authorised.payment.id,
      status: 'CAPTURED',
      capturedAmount: { minor: '1234' },
    });
    expect(await eventsOf(captured.payment.id)).toEqual(['payment.authorized', 'payment.captured']);
    expect(await moves(captured.payment.id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
  });

  test('is charged once, also by many concurrent requests', async () => {
    const orderId = newOrder();
    const authorised = await Promise.all(Array.from({ length: 20 }, () => authorise(orderId)));
    expect(new Set(authorised.map((answer) => answer.payment.id)).size).toBe(1);
    const captured = await Promise.all(Array.from({ length: 20 }, () => capture(orderId)));
    expect(captured.every((answer) => answer.payment.status === 'CAPTURED')).toBe(true);
    const { id } = captured[0].payment;
    expect(await moves(id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
    expect(await eventsOf(id)).toEqual(['payment.authorized', 'payment.captured']);
  });

  test('is not charged another amount for the same order', async () => {
    const orderId = newOrder();
    await authorise(orderId);
    const other = await authorise(orderId, 'tok_ok', { amount: { amount: '99.00', currency: 'EUR' } });
    expect(other).toMatchObject({ payment: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
  });

  test.each(['0', '-1', '1.234'])('is not charged %s EUR', async (amount) => {
    const orderId = newOrder();
    expect((await authorise(orderId, 'tok_ok', { amount: { amount, currency: 'EUR' } })).userErrors).toMatchObject([
      { code: 'INVALID_INPUT' },
    ]);
    expect(
      await agents.kysely.selectFrom('payment.payment').select('id').where('orderId', '=', orderId).execute(),
    ).toEqual([]);
  });

  test('is authorised also if the provider is slow', async () => {
    expect((await authorise(newOrder(), 'tok_slow')).payment.status).toBe('AUTHORIZED');
  });
});

describe('a refused card', () => {
  test.each(['tok_declined', 'tok_nobody_knows', 'toString'])(
    '(%s) is not charged, and each attempt gives the buyer the reason',
    async (token) => {
      const orderId = newOrder();
      const first = await authorise(orderId, token);
      expect(first).toMatchObject({
        payment: null,
        userErrors: [{ code: 'PAYMENT_DECLINED', message: expect.stringMatching(/card/) }],
      });
      expect(await authorise(orderId, token)).toEqual(first);
      const { id } = await agents.kysely
        .selectFrom('payment.payment')
        .select('id')
        .where('orderId', '=', orderId)
        .executeTakeFirstOrThrow();
      expect(await moves(id)).toEqual({});
      expect(await eventsOf(id)).toEqual(['payment.declined']);
      expect(await cancel(orderId)).toMatchObject({ outcome: 'NOTHING', payment: { status: 'FAILED' } });
    },
  );

  test('at the capture leaves the amount held until it is cancelled', async () => {
    const orderId = newOrder();
    const { id } = (await authorise(orderId, 'tok_capture_fails')).payment;
    expect((await capture(orderId)).userErrors).toMatchObject([
      { code: 'PAYMENT_FAILED', message: expect.stringMatching(/issuer/) },
    ]);
    expect((await capture(orderId)).userErrors).toMatchObject([{ code: 'PAYMENT_FAILED' }]);
    expect(await cancel(orderId)).toMatchObject({ outcome: 'VOIDED', payment: { status: 'VOIDED' } });
    expect(await moves(id)).toEqual({ AUTHORISE: 1, VOID: 1 });
    expect(await eventsOf(id)).toEqual(['payment.authorized', 'payment.failed', 'payment.voided']);
  });
});

describe('an answer that is lost', () => {
  test('at the authorisation is a transient fault, and the next attempt finds it authorised', async () => {
    const orderId = newOrder();
    await expect(authorise(orderId, 'tok_timeout')).rejects.toMatchObject({ code: 'UNAVAILABLE', recovery: 'RETRY' });
    const { payment } = await authorise(orderId, 'tok_timeout');
    expect(payment.status).toBe('AUTHORIZED');
    expect(await moves(payment.id)).toEqual({ AUTHORISE: 1 });
  });

  test('at the capture is a transient fault, and the next attempt finds it captured', async () => {
    const orderId = newOrder();
    const { id } = (await authorise(orderId, 'tok_capture_timeout')).payment;
    await expect(capture(orderId)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await capture(orderId)).payment.status).toBe('CAPTURED');
    expect(await moves(id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
  });

  test('at the authorisation is found by a cancellation, which voids it', async () => {
    const orderId = newOrder();
    await expect(authorise(orderId, 'tok_timeout')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await cancel(orderId)).toMatchObject({ outcome: 'VOIDED', payment: { status: 'VOIDED' } });
  });

  test('at the capture is found by a cancellation, which refunds it', async () => {
    const orderId = newOrder();
    await authorise(orderId, 'tok_capture_timeout');
    await expect(capture(orderId)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await cancel(orderId)).toMatchObject({
      outcome: 'REFUNDED',
      payment: { status: 'REFUNDED', refundedAmount: { minor: '1234' } },
    });
  });
});

describe('a cancellation', () => {
  test('voids the held amount once, and nothing is captured any more', async () => {
    const orderId = newOrder();
    const { id } = (await authorise(orderId)).payment;
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(orderId)));
    expect(answers.map((answer) => answer.outcome)).toEqual(Array(10).fill('VOIDED'));
    expect((await capture(orderId)).userErrors).toMatchObject([{ code: 'PAYMENT_FAILED' }]);
    expect((await authorise(orderId)).userErrors).toMatchObject([{ code: 'PAYMENT_CANCELLED' }]);
    expect(await moves(id)).toEqual({ AUTHORISE: 1, VOID: 1 });
  });

  test('refunds the captured amount once', async () => {
    const { orderId, id } = await paid();
    await refund(id, '2.34');
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(orderId)));
    expect(answers.map((answer) => answer.outcome)).toEqual(Array(10).fill('REFUNDED'));
    expect(await moves(id)).toEqual({ AUTHORISE: 1, CAPTURE: 1, REFUND: 2 });
  });

  test('of a payment that was never begun forbids it', async () => {
    const orderId = newOrder();
    expect(await cancel(orderId)).toEqual({ outcome: 'NOTHING', payment: null, userErrors: [] });
    expect(await cancel(orderId)).toMatchObject({ outcome: 'NOTHING' });
    expect((await authorise(orderId)).userErrors).toMatchObject([{ code: 'PAYMENT_CANCELLED' }]);
  });

  test('of a payment whose process died before it asked the provider forbids it at the provider too', async () => {
    const orderId = newOrder();
    const { id } = (await authorise(orderId)).payment;
    // The rows of a process that died between the intent and the call.
    await agents.kysely.deleteFrom('payment.simulator_entry').where('reference', '=', id).execute();
    await agents.kysely.deleteFrom('payment.simulator_payment').where('reference', '=', id).execute();
    await agents.kysely
      .updateTable('payment.payment')
      .set({ status: 'CREATED', pending: 'AUTHORISE', authorisedAt: null })
      .where('id', '=', id)
      .execute();
    expect(await cancel(orderId)).toMatchObject({ outcome: 'NOTHING', payment: { status: 'VOIDED' } });
    expect(await moves(id)).toEqual({ VOID: 1 });
  });

  test('that races with a capture ends in a void or in a refund, and no money stays captured', async () => {
    const seen = new Set<string>();
    let seed = 42;
    const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
    const later = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      await new Promise((resolve) => setTimeout(resolve, random() * 12));
      return work();
    };
    for (let round = 0; round < 40; round++) {
      const orderId = newOrder();
      const { id } = (await authorise(orderId)).payment;
      const [, cancelled] = await Promise.all([
        later(() => capture(orderId)),
        later(() => cancel(orderId)),
        later(() => capture(orderId)),
      ]);
      const moved = await moves(id);
      expect(moved).toEqual(
        cancelled.outcome === 'VOIDED' ? { AUTHORISE: 1, VOID: 1 } : { AUTHORISE: 1, CAPTURE: 1, REFUND: 1 },
      );
      seen.add(cancelled.outcome);
    }
    expect([...seen].sort()).toEqual(['REFUNDED', 'VOIDED']);
  });

  test('that races with the authorisation leaves nothing held', async () => {
    for (let round = 0; round < 20; round++) {
      const orderId = newOrder();
      await Promise.all([
        authorise(orderId),
        new Promise((resolve) => setTimeout(resolve, round % 8)).then(() => cancel(orderId)),
      ]);
      const { payment } = await cancel(orderId);
      expect([undefined, 'VOIDED']).toContain(payment?.status);
    }
  });
});

describe('3-D Secure', () => {
  const begin = async () => {
    const orderId = newOrder();
    const { payment } = await authorise(orderId, 'tok_3ds');
    return { orderId, payment };
  };

  test('requires an action of the buyer, and goes on after it', async () => {
    const { orderId, payment } = await begin();
    expect(payment).toMatchObject({
      status: 'REQUIRES_ACTION',
      nextAction: { type: 'REDIRECT', url: expect.stringContaining(payment.id), expiresAt: expect.any(String) },
    });
    expect((await settle(orderId)).payment.status).toBe('REQUIRES_ACTION');
    const idempotencyKey = newId('key');
    const confirmed = await Promise.all([1, 2, 3].map(() => confirm(payment.id, customer, { idempotencyKey })));
    expect(confirmed.map((answer) => answer.payment.status)).toEqual(['AUTHORIZED', 'AUTHORIZED', 'AUTHORIZED']);
    expect(confirmed[0].payment.nextAction).toBeNull();
    expect((await settle(orderId)).payment.status).toBe('AUTHORIZED');
    expect((await capture(orderId)).payment.status).toBe('CAPTURED');
    expect(await eventsOf(payment.id)).toEqual(['payment.action_required', 'payment.authorized', 'payment.captured']);
    expect((await confirm((await begin()).payment.id, customer, { idempotencyKey })).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
  });

  test('that nobody settles, as of a saga whose step was skipped, is captured once the buyer has confirmed', async () => {
    const { orderId, payment } = await begin();
    expect((await capture(orderId)).userErrors).toMatchObject([{ code: 'INVALID_STATE' }]);
    const [confirmed] = await Promise.all([confirm(payment.id), settle(orderId)]);
    expect(confirmed.payment.status).toBe('AUTHORIZED');
    expect((await capture(orderId)).payment.status).toBe('CAPTURED');
    // One that is settled after all has nothing left to do.
    expect((await settle(orderId)).payment.status).toBe('CAPTURED');
    expect(await moves(payment.id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
    expect(await eventsOf(payment.id)).toEqual(['payment.action_required', 'payment.authorized', 'payment.captured']);
  });

  test('tells the saga how long to wait', async () => {
    const input = { orderId: newOrder(), customerId, token: 'tok_3ds', amount: { amount: '5.00', currency: 'EUR' } };
    const answer = await agents.mutate('authorisePayment', keyed(input), 'payment { actionExpiresInSeconds }', service);
    expect(answer).toEqual({ payment: { actionExpiresInSeconds: 600 }, userErrors: [] });
  });

  test('expires when its time is over, for the saga and for the buyer', async () => {
    const { orderId } = await begin();
    const late = await begin();
    agents.clock.advance(600_000);
    expect((await settle(orderId)).userErrors).toMatchObject([{ code: 'PAYMENT_ACTION_EXPIRED' }]);
    expect((await confirm(late.payment.id)).userErrors).toMatchObject([{ code: 'PAYMENT_ACTION_EXPIRED' }]);
    expect(await moves(late.payment.id)).toEqual({});
    expect(await cancel(orderId)).toMatchObject({ outcome: 'NOTHING', payment: { status: 'FAILED' } });
  });

  test('that is cancelled cannot be confirmed', async () => {
    const { orderId, payment } = await begin();
    await cancel(orderId);
    expect((await confirm(payment.id)).userErrors).toMatchObject([{ code: 'PAYMENT_CANCELLED' }]);
  });

  test('is confirmed by the guest of the order, who has no account', async () => {
    const orderId = newOrder();
    const { payment } = await authorise(orderId, 'tok_3ds', { customerId: null });
    const guest = (of: string) => actor({ id: `guest:${of}`, roles: ['GUEST'], orderId: of });
    expect((await confirm(payment.id, guest(newOrder()))).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await confirm(payment.id, guest(orderId))).payment.status).toBe('AUTHORIZED');
  });

  test('is confirmed by its buyer alone', async () => {
    const { payment } = await begin();
    const stranger = actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
    expect((await confirm(payment.id, stranger)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await moves(payment.id)).toEqual({});
    await cancel(
      (
        await agents.kysely
          .selectFrom('payment.payment')
          .select('orderId')
          .where('id', '=', payment.id)
          .executeTakeFirstOrThrow()
      ).orderId,
    );
  });
});

describe('a payment', () => {
  const read = async (orderId: string, as = customer) => {
    const query =
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Order { payments { id status } } } }';
    const of = [{ __typename: 'Order', id: orderId }];
    return (await agents.data('payment', query, { of }, as))._entities[0].payments;
  };
  const one = (id: string, as = customer) => agents.query('payment', { id }, 'id order { id }', as);

  test('is read by other agents for many orders at once; an order without one has no entry', async () => {
    const [{ orderId: taken }, declined, none] = [await paid(), newOrder(), newOrder()];
    await authorise(declined, 'tok_declined');
    const told = (orderIds: string[]) => agents.query('paymentsOfOrders', { orderIds }, 'orderId status', service);
    expect((await told([none, taken, declined])).toSorted(byStatus)).toEqual([
      { orderId: taken, status: 'CAPTURED' },
      { orderId: declined, status: 'FAILED' },
    ]);
    expect(await told([])).toEqual([]);
    const many = told(Array.from({ length: 1001 }, () => none));
    await expect(many).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('is visible to its buyer, to the guest of its order and to staff, and to no other caller', async () => {
    const { orderId, id } = await paid();
    const seen = [{ id, status: 'CAPTURED' }];
    const guest = (of: string) => actor({ id: `guest:${of}`, roles: ['GUEST'], orderId: of });
    expect(await read(orderId)).toEqual(seen);
    expect(await read(orderId, viewer)).toEqual(seen);
    expect(await read(orderId, guest(orderId))).toEqual(seen);
    expect(await read(orderId, guest(newOrder()))).toEqual([]);
    const stranger = actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
    expect(await read(orderId, stranger)).toEqual([]);
    expect(await one(id, stranger)).toBeNull();
    expect(await one(id, actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' }))).toBeNull();
    expect(await one(id)).toEqual({ id, order: { id: orderId } });
  });
});

afterEach(async () => {
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});
