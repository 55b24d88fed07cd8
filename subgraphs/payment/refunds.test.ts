/** Refunds of a captured payment, by staff and by a cancellation. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import { openAgents, operator, service, type TestAgents } from '../../tests/support/agents.ts';
import { paymentViolations } from './invariants.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment']);
});
afterAll(() => agents.close());
afterEach(async () => {
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

const PAYMENT = 'payment { id status refundedAmount { minor } } userErrors { code }';
const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });
const authorise = (orderId: string) => {
  const input = { orderId, token: 'tok_ok', amount: { amount: '12.34', currency: 'EUR' } };
  return agents.mutate('authorisePayment', keyed(input), PAYMENT, service);
};
const paid = async () => {
  const orderId = newId('order');
  await authorise(orderId);
  const { payment } = await agents.mutate('capturePayment', keyed({ orderId }), PAYMENT, service);
  return { orderId, id: payment.id as string };
};
const refund = (paymentId: string, amount?: string, more = {}) => {
  const input = { paymentId, reason: 'Broken', ...(amount && { amount: { amount, currency: 'EUR' } }), ...more };
  return agents.mutate('refundPayment', keyed(input), PAYMENT, operator);
};
const cancel = (orderId: string) =>
  agents.mutate('cancelPayment', keyed({ orderId, reason: 'CUSTOMER_REQUEST' }), PAYMENT, service);
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

describe('refunds', () => {
  test('in parts never exceed the captured amount, also when requested concurrently', async () => {
    const { id } = await paid();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refund(id, '3.00')));
    const refused = answers.filter((answer) => answer.userErrors.length);
    expect(refused.map((answer) => answer.userErrors[0].code)).toEqual(Array(4).fill('REFUND_EXCEEDS_CAPTURED'));
    expect((await refund(id)).payment).toMatchObject({ status: 'REFUNDED', refundedAmount: { minor: '1234' } });
    expect((await refund(id)).userErrors).toMatchObject([{ code: 'INVALID_STATE' }]);
    const events = await agents.events('payment.refunded');
    const given = events
      .filter((event) => event.aggregate_id === id)
      .map((event) => Number(event.payload.refunded.minor));
    expect(given.reduce((a, b) => a + b, 0)).toBe(1234);
  });

  test('with the same key are made once; with another amount the key is refused', async () => {
    const { id } = await paid();
    const idempotencyKey = newId('key');
    const answers = await Promise.all(Array.from({ length: 10 }, () => refund(id, '1.00', { idempotencyKey })));
    expect(answers.every((answer) => answer.payment.refundedAmount.minor === '100')).toBe(true);
    expect((await refund(id, '2.00', { idempotencyKey })).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    expect(await moves(id)).toMatchObject({ REFUND: 1 });
  });

  test('are at most fifty in parts; then all that is left is refunded at once, by staff or a cancellation', async () => {
    const [byPerson, byCancellation] = [await paid(), await paid()];
    for (const { id } of [byPerson, byCancellation]) {
      for (let n = 0; n < 50; n++) expect((await refund(id, '0.01')).userErrors).toEqual([]);
      expect((await refund(id, '0.01')).userErrors).toMatchObject([{ code: 'INVALID_STATE' }]);
      expect(await moves(id)).toMatchObject({ REFUND: 50 });
    }
    expect((await refund(byPerson.id)).payment).toMatchObject({
      status: 'REFUNDED',
      refundedAmount: { minor: '1234' },
    });
    expect((await cancel(byCancellation.orderId)).payment).toMatchObject({ status: 'REFUNDED' });
    for (const { id } of [byPerson, byCancellation]) expect(await moves(id)).toMatchObject({ REFUND: 51 });
  });

  test('are made of captured payments only', async () => {
    const { payment } = await authorise(newId('order'));
    expect((await refund(payment.id)).userErrors).toMatchObject([{ code: 'INVALID_STATE' }]);
  });
});

test('abandoned refunds are read from an index, however many were made', async () => {
  const plan = await agents.kysely.transaction().execute(async (transaction) => {
    await sql`set local enable_seqscan = off; set local enable_sort = off`.execute(transaction);
    const open = sql`explain select id from payment.refund where status = 'PENDING' and created_at < now() order by created_at limit 3`;
    return JSON.stringify((await open.execute(transaction)).rows);
  });
  expect(plan).toMatch(/Index.* using refund_unfinished .*Index Cond/s);
});
