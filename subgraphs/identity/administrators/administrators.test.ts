import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { demoWorld } from '../../../platform/agent/demo.ts';
import { raw } from '../../../platform/data/raw.ts';
import { createStore } from '../../../platform/store/store.ts';
import { LogNotifier } from '../../../platform/events/log-notifier.ts';
import { Actor } from '../../../platform/identity/actor.ts';
import { openAgents, type TestAgents } from '../../../tests/support/agents.ts';
import type { Tables } from '../entities.ts';
import { clientOf, PASSWORD } from '../identity.testing.ts';
import { administratorService } from './service.ts';

let agents: TestAgents;
let client: ReturnType<typeof clientOf>;
let make: (
  input: Partial<Parameters<ReturnType<typeof administratorService>['makeAdministrator']>[0]>,
) => Promise<string>;
beforeAll(async () => {
  agents = await openAgents(['customer', 'identity']);
  client = clientOf(agents);
  const { kysely } = agents;
  const store = createStore<Tables>({ agent: 'identity', kysely, notifier: new LogNotifier() });
  const context = { actor: new Actor({ id: 'command:admin:new', roles: [] }), correlationId: 'req_test' };
  const { makeAdministrator } = administratorService({ store, clock: agents.clock });
  make = (input) =>
    makeAdministrator({ email: 'ada@shop.example', name: 'Ada', password: PASSWORD, ...input }, context);
});
afterAll(() => agents.close());
beforeEach(async () => {
  await raw(agents.kysely, 'truncate identity.account, identity.sign_in_attempts cascade');
});

const accounts = () => agents.kysely.selectFrom('identity.account').select(['email', 'roles', 'customerId']).execute();

test('the first administrator can sign in and change roles, and gets no customer', async () => {
  const id = await make({ email: 'Ada@Shop.example' });
  const answer = await client.signIn('ada@shop.example');
  expect(answer).toMatchObject({
    userErrors: [],
    user: { id, email: 'Ada@Shop.example', roles: ['ADMIN'], customer: null },
  });
  const { user } = await client.signUp({ email: 'max@shop.example' });
  const input = { id: user.id, expectedVersion: 1, roles: ['MERCHANT'], merchantId: 'shop' };
  expect(await client.setRoles(input, await client.actorOf(answer))).toMatchObject({
    userErrors: [],
    user: { roles: ['MERCHANT'] },
  });
  const me = await client.query('me', {}, 'emailVerified', await client.actorOf(answer));
  expect(me).toEqual({ emailVerified: false });
});

test('of concurrent commands one makes the first administrator', async () => {
  const attempts = await Promise.allSettled([1, 2, 3, 4].map((n) => make({ email: `ada.${n}@shop.example` })));
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await accounts()).toMatchObject([{ roles: ['ADMIN'] }]);
});

test('another administrator is made only on explicit request', async () => {
  await make({});
  await expect(make({ email: 'bob@shop.example' })).rejects.toMatchObject({ code: 'INVALID_STATE' });
  expect(await accounts()).toHaveLength(1);
  await make({ email: 'bob@shop.example', isAnother: true });
  expect(await accounts()).toMatchObject([{ roles: ['ADMIN'] }, { roles: ['ADMIN'] }]);
});

test('an account that was signed up for is not promoted: whoever signed up knows its password', async () => {
  await client.signUp({ email: 'ada@shop.example' });
  await expect(make({ password: 'another long password' })).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
  await expect(make({ email: 'ADA@shop.example', isAnother: true })).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
  expect(await accounts()).toMatchObject([{ email: 'ada@shop.example', roles: ['CUSTOMER'] }]);
});

test.each([
  ['short', 'WEAK_PASSWORD'],
  ['Password1234', 'WEAK_PASSWORD'],
  [demoWorld.password, 'WEAK_PASSWORD'],
  ['ada@shop.example', 'WEAK_PASSWORD'],
])('the password rules hold for administrators too: %s', async (password, code) => {
  await expect(make({ password })).rejects.toMatchObject({ code });
  expect(await accounts()).toEqual([]);
});

test('the audit log has the new administrator and the command that made it', async () => {
  const id = await make({});
  const auditLog = await client.query('auditLog', { first: 1 }, 'nodes { action actorId userId details }');
  expect(auditLog.nodes).toEqual([
    { action: 'ADMINISTRATOR_MADE', actorId: 'command:admin:new', userId: id, details: { isAnother: false } },
  ]);
});
