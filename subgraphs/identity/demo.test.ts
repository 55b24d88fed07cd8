import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWorld } from '../../platform/agent/demo.ts';
import { raw } from '../../platform/data/raw.ts';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { clientOf } from './identity.testing.ts';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
beforeAll(async () => {
  agents = await openAgents(['identity']);
  client = clientOf(agents);
  await agents.host.loadDemo(() => {});
});
afterAll(() => agents.close());

test('each demo account signs in with its role, without asking the customer agent', async () => {
  for (const account of demoWorld.accounts) {
    const answer = await client.signIn(`${account}@agora.test`, demoWorld.password);
    expect(answer).toMatchObject({
      userErrors: [],
      user: { id: demoWorld.userId(account), roles: [account.toUpperCase()] },
    });
    const { customerId, merchantId } = await client.actorOf(answer);
    expect([customerId, merchantId]).toEqual([
      account === 'customer' ? demoWorld.customerId(0) : undefined,
      account === 'merchant' ? demoWorld.merchantId : undefined,
    ]);
  }
});

test('loading the demo again changes nothing', async () => {
  const rows = async () => (await raw(agents.kysely, 'select * from identity.account order by id')).rows;
  const before = await rows();
  await raw(agents.kysely, 'delete from platform.demo_load');
  await agents.host.loadDemo(() => {});
  expect(await rows()).toEqual(before);
});
