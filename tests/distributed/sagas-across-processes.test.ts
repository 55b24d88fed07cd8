/** Agents in several processes carry orders through together, and a killed one catches up. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { admin } from '../support/agents.ts';
import { type Agora, type AgentProcess, openAgora } from '../support/agent-process.ts';
import { agentShop, becomes, statusOf } from '../support/agent-shop.ts';
import type { TestPlatform } from '../support/platform.ts';
import { forSale, newCustomer, placed } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

const FRONT = ['customer', 'identity', 'order', 'product'];
const BACK = ['inventory', 'notification', 'payment', 'pricing'];
let agora: Agora;
let shop: TestPlatform;
let back: AgentProcess;

beforeAll(async () => {
  agora = await openAgora();
  shop = agentShop(agora);
  // First the agents that call the others.
  const orchestration = agora.launch(['orchestration']);
  await untilAnswer(
    async () => orchestration.output(),
    (text) => /ready/.test(text),
    'orchestration does not start',
  );
  const others = [agora.start(FRONT), agora.start(BACK)] as const;
  [, back] = await Promise.all(others);
  await agora.directory.look();
});
afterAll(() => agora.close());

const paymentsOf = async (orderIds: string[]): Promise<number> => {
  const count = 'select count(*)::int as n from payment.payment where order_id = any($1)';
  return (await agora.database.pool.query(count, [orderIds])).rows[0].n;
};
const stockOf = async (variantId: string) =>
  agora.database.kysely
    .selectFrom('inventory.stock_level')
    .selectAll()
    .where('variant_id', '=', variantId)
    .executeTakeFirstOrThrow();

test('an order is carried through by a saga whose steps are in other processes', async () => {
  const variantId = await forSale(shop, { stock: 5 });
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, newCustomer());
  await becomes(agora, order.id, 'PROCESSING');
  expect(await paymentsOf([order.id])).toBe(1);
});

test('a refused order is undone across processes', async () => {
  const variantId = await forSale(shop, { stock: 5 });
  const before = await stockOf(variantId);
  const input = { lines: [{ variantId, quantity: 2 }], token: 'tok_declined' };
  const { order } = await placed(shop, input, newCustomer());
  await becomes(agora, order.id, 'CANCELLED');
  const { version: _, updated_at: __, ...after } = (await stockOf(variantId)) as Record<string, unknown>;
  expect(before).toMatchObject(after);
});

test('a killed process costs its own fields and no more; started again, it catches up, and nothing is done twice', async () => {
  const variantId = await forSale(shop, { stock: 50 });
  const input = { lines: [{ variantId, quantity: 1 }] };
  const orders = await Promise.all(Array.from({ length: 8 }, () => placed(shop, input, newCustomer())));
  await back.end('SIGKILL');

  const refused = await agora.ask('inventory', '{ __typename }', {}, admin).catch((error: Error) => error);
  expect(refused).toMatchObject({ code: 'UNAVAILABLE', message: 'The agent inventory did not answer.' });
  expect(['PENDING', 'CONFIRMED', 'PROCESSING']).toContain(await statusOf(agora, orders[0]!.order.id));

  back = await agora.start(BACK);
  for (const { order } of orders) await becomes(agora, order.id, 'PROCESSING');
  expect(await paymentsOf(orders.map(({ order }) => order.id))).toBe(8);
});
