import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWorld } from '../../platform/agent/demo.ts';
import { raw } from '../../platform/data/raw.ts';
import { actor, openAgents, type TestAgents, operator } from '../../tests/support/agents.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['customer']);
  await agents.host.loadDemo(() => {});
});
afterAll(() => agents.close());

test('the demo customer is there, with a default address', async () => {
  const self = actor({ roles: ['CUSTOMER'], customerId: demoWorld.customerId(0) });
  const shown = 'name email addresses { isDefaultShipping }';
  const customer = await agents.query('customer', { id: demoWorld.customerId(0) }, shown, self);
  expect(customer).toMatchObject({ name: 'Clara Demo', email: 'customer@agora.test' });
  expect(customer.addresses[0]).toEqual({ isDefaultShipping: true });
});

test('each demo customer has an e-mail address and a default address, and loading the demo again changes nothing', async () => {
  const rows = () =>
    raw(
      agents.kysely,
      'select c.*, array_agg(a order by a.id) addresses from customer.customer c join customer.address a on a.customer_id = c.id group by c.id order by c.id',
    );
  const before = (await rows()).rows;
  expect(before).toHaveLength(demoWorld.customers);
  expect(
    before.every(
      ({ email, default_address_id }) =>
        /^[a-z.]+\d*@(example\.com|agora\.test)$/.test(email as string) && default_address_id,
    ),
  ).toBe(true);
  await raw(agents.kysely, 'delete from platform.demo_load');
  await agents.host.loadDemo(() => {});
  expect((await rows()).rows).toEqual(before);
  const { totalCount } = await agents.query('customers', { first: 1 }, 'totalCount', operator);
  expect(totalCount).toBe(demoWorld.customers);
});
