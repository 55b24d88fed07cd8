import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../../platform/ids.ts';
import { openAgents, service, type TestAgents } from '../../../tests/support/agents.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['payment'], { config: { NODE_ENV: 'production' } });
});
afterAll(() => agents.close());

test.each(['tok_ok', 'tok_3ds', 'tok_slow'])('in production the simulator declines %s', async (token) => {
  const orderId = newId('order');
  const input = { orderId, token, amount: { amount: '12.34', currency: 'EUR' }, idempotencyKey: newId('key') };
  const answer = await agents.mutate('authorisePayment', input, 'payment { status } userErrors { code }', service);
  expect(answer).toEqual({ payment: null, userErrors: [{ code: 'PAYMENT_DECLINED' }] });
  const rows = agents.kysely.selectFrom('payment.simulator_entry').select('kind').where('kind', '=', 'AUTHORISE');
  expect(await rows.execute()).toEqual([]);
});
