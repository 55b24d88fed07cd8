/** Charges, which authorise and capture in one call to the provider. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { actor, openAgents, service, type TestAgents } from '../../tests/support/agents.ts';
import { newId } from '../../platform/ids.ts';
import { paymentViolations } from './invariants.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment'], { config: { PAYMENT_TIMEOUT_MS: '2000', PAYMENT_ACTION_SECONDS: '600' } });
});
afterAll(() => agents.close());
afterEach(async () => {
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

const PAYMENT = 'payment { id status capturedAmount { minor } refundedAmount { minor } } userErrors { code message }';
const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });
const customerId = newId('customer');
const customer = actor({ roles: ['CUSTOMER'], customerId });
const newOrder = () => newId('order');
const charge = (orderId: string, token = 'tok_ok') => {
  const input = { orderId, customerId, token, amount: { amount: '12.34', currency: 'EUR' } };
  return agents.mutate('chargePayment', keyed(input), PAYMENT, service);
};
const capture = (orderId: string) => agents.mutate('capturePayment', keyed({ orderId }), PAYMENT, service);
const cancel = (orderId: string) =>
  agents.mutate('cancelPayment', keyed({ orderId, reason: 'CUSTOMER_REQUEST' }), `outcome ${PAYMENT}`, service);
const confirm = (paymentId: string) => agents.mutate('confirmPayment', keyed({ paymentId }), PAYMENT, customer);
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

describe('a charge', () => {
  test('of a good card is made by one call to the provider, with the same events as by two', async () => {
    const orderId = newOrder();
    const answers = await Promise.all(Array.from({ length: 20 }, () => charge(orderId)));
    for (const { payment, userErrors } of answers) {
      expect(userErrors).toEqual([]);
      expect(payment).toMatchObject({ status: 'CAPTURED', capturedAmount: { minor: '1234' } });
    }
    const { id } = answers[0].payment;
    expect(await eventsOf(id)).toEqual(['payment.authorized', 'payment.captured']);
    expect(await moves(id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
    // What follows finds it taken.
    expect((await capture(orderId)).payment).toMatchObject({ id, status: 'CAPTURED' });
    expect(await moves(id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
  });

  test('that is declined takes nothing', async () => {
    const orderId = newOrder();
    expect(await charge(orderId, 'tok_declined')).toMatchObject({
      payment: null,
      userErrors: [{ code: 'PAYMENT_DECLINED', message: expect.stringMatching(/card/) }],
    });
    expect(await cancel(orderId)).toMatchObject({ outcome: 'NOTHING', payment: { status: 'FAILED' } });
  });

  test('whose capture is refused leaves the amount held until it is cancelled', async () => {
    const orderId = newOrder();
    for (let n = 0; n < 2; n++)
      expect((await charge(orderId, 'tok_capture_fails')).userErrors).toMatchObject([
        { code: 'PAYMENT_FAILED', message: expect.stringMatching(/issuer/) },
      ]);
    const { outcome, payment } = await cancel(orderId);
    expect([outcome, payment.status]).toEqual(['VOIDED', 'VOIDED']);
    expect(await moves(payment.id)).toEqual({ AUTHORISE: 1, VOID: 1 });
    expect(await eventsOf(payment.id)).toEqual(['payment.authorized', 'payment.failed', 'payment.voided']);
  });

  test.each(['tok_timeout', 'tok_capture_timeout'])(
    'whose answer is lost (%s) is a transient fault, and the next attempt, or a cancellation, finds it taken',
    async (token) => {
      const [asked, cancelled] = [newOrder(), newOrder()];
      for (const orderId of [asked, cancelled])
        await expect(charge(orderId, token)).rejects.toMatchObject({ code: 'UNAVAILABLE', recovery: 'RETRY' });
      const { payment } = await charge(asked, token);
      expect(payment.status).toBe('CAPTURED');
      expect(await moves(payment.id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
      expect(await cancel(cancelled)).toMatchObject({
        outcome: 'REFUNDED',
        payment: { status: 'REFUNDED', refundedAmount: { minor: '1234' } },
      });
    },
  );

  test('that its buyer has to confirm takes nothing before that, and is captured then', async () => {
    const orderId = newOrder();
    const { payment } = await charge(orderId, 'tok_3ds');
    expect(payment).toMatchObject({ status: 'REQUIRES_ACTION', capturedAmount: { minor: '0' } });
    await confirm(payment.id);
    expect((await charge(orderId, 'tok_3ds')).payment).toMatchObject({ id: payment.id, status: 'AUTHORIZED' });
    expect((await capture(orderId)).payment.status).toBe('CAPTURED');
    expect(await moves(payment.id)).toEqual({ AUTHORISE: 1, CAPTURE: 1 });
  });

  test('of an order that was cancelled is refused, and the provider is not asked', async () => {
    const orderId = newOrder();
    await cancel(orderId);
    expect((await charge(orderId)).userErrors).toMatchObject([{ code: 'PAYMENT_CANCELLED' }]);
    const { rows } = await sql`select from payment.payment where order_id = ${orderId}`.execute(agents.kysely);
    expect(rows).toEqual([]);
  });
});
