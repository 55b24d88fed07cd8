import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deterministicId } from '../../platform/ids.ts';
import { openAgents, service, type TestAgents } from '../../tests/support/agents.ts';
import { type DemoBill, insertDemoPayments } from './demo.ts';
import { PaymentStatus } from './entities.ts';
import { paymentViolations } from './invariants.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment']);
});
afterAll(() => agents.close());

const bills: DemoBill[] = Object.values(PaymentStatus).map((paymentStatus, n) => ({
  orderId: deterministicId('order', n),
  paymentStatus,
  amount: { minor: '1999', currency: 'EUR' },
  placedAt: '2026-01-02T03:04:05.000Z',
}));

test('demo payments agree with the books of the simulator, and loading them again changes nothing', async () => {
  const rows = () => agents.kysely.selectFrom('payment.payment').selectAll().orderBy('id').execute();
  const db = agents.kysely.withSchema('payment');
  await insertDemoPayments(db, bills);
  const first = await rows();
  expect(first.map((row) => row.status).sort()).toEqual(['AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'VOIDED']);
  await insertDemoPayments(db, bills);
  expect(await rows()).toEqual(first);
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});

test('a demo payment goes on like any other: what is authorised can be captured', async () => {
  const orderId = bills.find((bill) => bill.paymentStatus === 'AUTHORIZED')!.orderId;
  const answer = await agents.mutate(
    'capturePayment',
    { orderId, idempotencyKey: 'demo' },
    'payment { status }',
    service,
  );
  expect(answer).toEqual({ payment: { status: 'CAPTURED' }, userErrors: [] });
  expect(await paymentViolations(agents.kysely)).toEqual([]);
});
