/** A process that is killed between the last approval and the refund: the refund is made, and made once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { approvalViolations } from '../../../platform/approvals/approval-violations.ts';
import { dieWithParent } from '../../../platform/die-with-parent.ts';
import { newId } from '../../../platform/ids.ts';
import { openAgents, operator, service, type TestAgents, viewer } from '../../../tests/support/agents.ts';
import { paymentViolations } from '../invariants.ts';

let agents: TestAgents;
beforeAll(async () => {
  const PAYMENT_REFUND_APPROVAL = '[{"when": "amountMinor > 500", "approvers": "OPERATOR"}]';
  agents = await openAgents(['payment'], { config: { PAYMENT_REFUND_APPROVAL } });
});
afterAll(() => agents?.close());

const keyed = (input: Record<string, unknown>) => ({ idempotencyKey: newId('key'), ...input });

/** A refund of 6 of 12.34 EUR that waits for approval. */
async function waiting(): Promise<{ id: string; approvalId: string }> {
  const amount = { amount: '12.34', currency: 'EUR' };
  const charge = keyed({ orderId: newId('order'), token: 'tok_ok', amount });
  const { payment } = await agents.mutate('chargePayment', charge, 'payment { id }', service);
  const refund = keyed({ paymentId: payment.id, reason: 'Broken', amount: { ...amount, amount: '6.00' } });
  const { approval } = await agents.mutate('refundPayment', refund, 'approval { id } userErrors { code }', operator);
  return { id: payment.id, approvalId: approval.id };
}
const made = async (table: string, of: Record<string, string>): Promise<number> => {
  let some = agents.kysely.selectFrom(table).selectAll();
  for (const [column, value] of Object.entries(of)) some = some.where(column, '=', value);
  return (await some.execute()).length;
};
const providerRefunds = (reference: string): Promise<number> =>
  made('payment.simulator_entry', { reference, kind: 'REFUND' });
const refundRows = (paymentId: string): Promise<number> => made('payment.refund', { paymentId });

const CHILD = fileURLToPath(new URL('./refund-child.testing.ts', import.meta.url));

test('a process that is killed between approval and refund leaves one refund', async () => {
  const places = ['approved', 'after the provider'];
  const refunds = await Promise.all(places.map(async (place) => ({ place, ...(await waiting()) })));
  await Promise.all(
    refunds.map(async ({ place, id, approvalId }) => {
      const now = agents.clock.now().toISOString();
      const args = ['--no-warnings', CHILD, agents.url, approvalId, place, now];
      const child = spawn(...dieWithParent(process.execPath, args), { stdio: ['ignore', 'ignore', 'inherit'] });
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
      expect(await providerRefunds(id)).toBe(place === 'after the provider' ? 1 : 0);
    }),
  );
  agents.clock.advance(60_001);
  await Promise.all([
    agents.runJob('payment', 'execute approved commands'),
    agents.runJob('payment', 'finish-refunds'),
    agents.runJob('payment', 'execute approved commands'),
  ]);
  await agents.runJob('payment', 'execute approved commands');
  for (const { id, approvalId } of refunds) {
    expect([await providerRefunds(id), await refundRows(id)]).toEqual([1, 1]);
    const paymentApproval = await agents.query('paymentApproval', { id: approvalId }, 'status', viewer);
    expect(paymentApproval).toEqual({ status: 'EXECUTED' });
  }
  expect(await paymentViolations(agents.kysely)).toEqual([]);
  expect(await approvalViolations(agents.kysely, 'payment')).toEqual([]);
});
