/** Numbers of refunds: each that has succeeded has one, without a gap and never twice. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import { actor, openAgents, operator, service, type TestAgents } from '../../tests/support/agents.ts';
import { paymentViolations } from './invariants.ts';

let agents: TestAgents;
const customerId = newId('customer');
const customer = actor({ roles: ['CUSTOMER'], customerId });
beforeAll(async () => {
  agents = await openAgents(['payment']);
});
afterAll(() => agents.close());
afterEach(async () => {
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });
const PAYMENT = 'payment { id refunds { id number status amount { amount } issuedAt } } userErrors { code }';
const paid = async (): Promise<string> => {
  const orderId = newId('order');
  const amount = { amount: '12.34', currency: 'EUR' };
  await agents.mutate('authorisePayment', keyed({ orderId, customerId, token: 'tok_ok', amount }), PAYMENT, service);
  return (await agents.mutate('capturePayment', keyed({ orderId }), PAYMENT, service)).payment.id;
};
const refund = (paymentId: string, amount: string, more = {}) => {
  const input = { paymentId, reason: 'Broken', amount: { amount, currency: 'EUR' }, ...more };
  return agents.mutate('refundPayment', keyed(input), PAYMENT, operator);
};
const refundsOf = async (paymentId: string, as = operator) =>
  (await agents.query('payment', { id: paymentId }, 'refunds { id number status issuedAt }', as)).refunds;
const counterOf = ({ number }: { number: string }): number => Number(/^RF-\d{4}-(\d{6})$/.exec(number)![1]);

test('refunds made at once have numbers that follow one another, and those that are refused have none', async () => {
  const ids = await Promise.all([paid(), paid(), paid()]);
  const answers = await Promise.all(ids.flatMap((id) => [refund(id, '5.00'), refund(id, '5.00'), refund(id, '5.00')]));
  expect(answers.filter((answer) => answer.userErrors.length)).toHaveLength(3);
  const refunds = (await Promise.all(ids.map((id) => refundsOf(id)))).flat();
  const counters = refunds.map(counterOf).sort((a, b) => a - b);
  expect(counters).toEqual(Array.from({ length: 6 }, (_, n) => counters[0]! + n));
});

test('a request that is repeated with its key draws one number', async () => {
  const id = await paid();
  const idempotencyKey = newId('key');
  const first = await refund(id, '1.00', { idempotencyKey });
  expect(await refund(id, '1.00', { idempotencyKey })).toEqual(first);
  const [next] = (await refund(await paid(), '1.00')).payment.refunds;
  expect(counterOf(next)).toBe(counterOf(first.payment.refunds[0]) + 1);
});

test('the number is in the event of the refund, and finds it for staff', async () => {
  const id = await paid();
  const { payment } = await refund(id, '1.00');
  const [{ number, id: refundId }] = payment.refunds;
  const events = await agents.events('payment.refunded');
  expect(events.at(-1)!.payload).toMatchObject({ paymentId: id, refundId, refundNumber: number });
  const found = await agents.query(
    'refunds',
    { filter: { number } },
    'nodes { id reason amount { amount } payment { id } }',
    operator,
  );
  expect(found.nodes).toEqual([{ id: refundId, reason: 'Broken', amount: { amount: '1.00' }, payment: { id } }]);
});

test('the buyer sees the refunds of their payment, and others do not', async () => {
  const id = await paid();
  await refund(id, '1.00');
  expect(await refundsOf(id, customer)).toEqual([expect.objectContaining({ status: 'DONE' })]);
  const other = actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
  expect(await agents.query('payment', { id }, 'id', other)).toBeNull();
});

test('a series begins anew at the new year', async () => {
  const id = await paid();
  await refund(id, '1.00');
  const now = agents.clock.now();
  const newYear = Date.UTC(now.getUTCFullYear() + 1, 0, 1);
  agents.clock.advance(newYear - now.getTime());
  await refund(id, '1.00');
  const [, second] = await refundsOf(id);
  expect(second).toMatchObject({
    number: `RF-${now.getUTCFullYear() + 1}-000001`,
    issuedAt: new Date(newYear).toISOString(),
  });
});

test('what an earlier release has refunded is numbered by the scheduled job, in the order in which it was made', async () => {
  for (const id of [await paid(), await paid()]) for (let n = 0; n < 30; n++) await refund(id, '0.01');
  await agents.kysely.updateTable('payment.refund').set({ number: null, issuedAt: null }).execute();
  await agents.kysely
    .updateTable('payment.refund')
    .set({ createdAt: sql`created_at - hashtext(id) % 1000 * interval '1 hour'` })
    .execute();
  await agents.kysely.deleteFrom('payment.number_series').execute();
  const made = () =>
    agents.kysely
      .selectFrom('payment.refund')
      .select(['id', 'number'])
      .where('status', '=', 'DONE')
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
  await agents.runJob('payment', 'number-refunds');
  const numbered = await made();
  expect(numbered.length).toBeGreaterThanOrEqual(60);
  expect(numbered.map((row) => counterOf(row as { number: string }))).toEqual(numbered.map((_, n) => n + 1));
  await agents.runJob('payment', 'number-refunds');
  expect(await made()).toEqual(numbered);
});
