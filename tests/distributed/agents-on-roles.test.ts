/** Agents in processes of their own, each on the PostgreSQL role of its agent: no process has the owner's. */
import { expect, test } from '@jest/globals';
import { agentNames } from '../../subgraphs/index.ts';
import { openAgora } from '../support/agent-process.ts';
import { agentShop, becomes } from '../support/agent-shop.ts';
import { admin } from '../support/agents.ts';
import { testRoles } from '../support/roles.ts';
import { forSale, newCustomer, placed } from '../support/shop.ts';

const GROUPS = [
  ['order', 'customer', 'identity', 'product'],
  ['inventory', 'notification', 'payment', 'pricing'],
  ['orchestration'],
];

test('the agents find one another, and carry an order through', async () => {
  const agora = await openAgora();
  const roles = await testRoles(agora.database.url, agentNames());
  try {
    await Promise.all(
      GROUPS.map((names) => {
        const own = names.map((name) => [`DATABASE_URL_${name.toUpperCase()}`, roles.url(name)]);
        return agora.start(names, { DATABASE_URL: roles.url(names[0]!), ...Object.fromEntries(own) });
      }),
    );
    expect((await agora.database.pool.query('select variable from platform.key_mark')).rowCount).toBe(2);
    const shop = agentShop(agora);
    const variantId = await forSale(shop);
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer());
    expect(await becomes(agora, order.id, 'PROCESSING')).toBe('PROCESSING');
    const { data } = await agora.ask('orchestration', '{ agents { id status } }', {}, admin);
    expect(data.agents).toContainEqual({ id: 'order', status: 'RUNNING' });
  } finally {
    await agora.close();
    await roles.end();
    await roles.drop();
  }
});
