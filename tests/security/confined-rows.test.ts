/**
 * Row-level security: the orders, payments and profiles that PostgreSQL itself shows a customer, whatever the statement
 * asks for.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrationSets } from '../../db/connect/migration-sets.ts';
import { migrate } from '../../db/migrator.ts';
import { applyRoles } from '../../db/roles.ts';
import { isConfined } from '../../platform/data/confined.ts';
import { isThrough, type OwnTables } from '../../platform/data/own-rows.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import { createStore, type Store } from '../../platform/store/store.ts';
import { raw } from '../../platform/data/raw.ts';
import { ANONYMOUS, type Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { customerQueries } from '../../subgraphs/customer/queries.ts';
import { orderQueries } from '../../subgraphs/order/queries.ts';
import { paymentQueries } from '../../subgraphs/payment/queries.ts';
import { asAdmin } from '../support/database.ts';
import { actor, admin, openAgents, operator, service, type TestAgents, viewer } from '../support/agents.ts';
import { confinedAgents, insertOwned } from '../support/owned-rows.ts';

/** In one process, whose role owns the tables; and with a role for each agent, as `npm run db:roles` makes them. */
describe.each([{ roles: false }, { roles: true }])('rows, with a role for each agent: $roles', ({ roles }) => {
  let agents: TestAgents;
  const stores = new Map<string, Store>();
  const open: string[] = [];
  const [ada, bob] = ['a', 'b'].map(() => actor({ roles: ['CUSTOMER'], customerId: newId('customer') })) as [
    Actor,
    Actor,
  ];
  const guest = actor({ roles: ['GUEST'], orderId: newId('order') });

  beforeAll(async () => {
    const confining = await confinedAgents();
    agents = await openAgents(
      confining.map(({ name }) => name),
      { roles },
    );
    for (const { name, confined } of confining) {
      const kysely = agents.roles?.ground.kyselyFor(name) ?? agents.kysely;
      const store = {
        agent: name,
        kysely,
        notifier: new LogNotifier(),
        onOpen: () => open.push(name),
      };
      stores.set(name, createStore({ ...store, confined }));
    }
    for (const { customerId } of [ada, bob])
      await insertOwned(agents.kysely, { customerId: customerId!, orderId: newId('order') });
    await insertOwned(agents.kysely, { orderId: guest.orderId! });
  });
  afterAll(() => agents?.close());

  const readable = async (agent: string, table: string, who: Actor) =>
    stores.get(agent)!.readAs(who).selectFrom(table).selectAll().execute() as Promise<Record<string, unknown>[]>;
  const tables = async () =>
    (await confinedAgents()).flatMap(({ name, confined = {} }) =>
      Object.keys(confined).map((table) => [name, table, isOfCustomers(confined, table)] as const),
    );

  test('of every confined table are read by a customer without any condition, and are its own alone', async () => {
    const all = await tables();
    const known = ['customer.customer', 'customer.address', 'order.orders', 'order.order_contact', 'payment.payment'];
    expect(all.map(([agent, table]) => `${agent}.${table}`)).toEqual(expect.arrayContaining(known));
    for (const [agent, table, isTheirs] of all) {
      const there = await stores.get(agent)!.read.selectFrom(table).selectAll().execute();
      expect(there.length).toBeGreaterThan(1);
      for (const who of [ada, bob]) {
        const rows = await readable(agent, table, who);
        expect({ agent, table, rows: rows.length }).toEqual({ agent, table, rows: isTheirs ? 1 : 0 });
        if (!isTheirs) continue;
        const own = JSON.stringify(rows[0], (_, value) => (typeof value === 'bigint' ? String(value) : value));
        expect(own).toContain(who === ada ? `of ${ada.customerId}` : `of ${bob.customerId}`);
      }
    }
    expect(open).toEqual([]);
  });

  test("are a guest's own order and payment, and no customer", async () => {
    expect((await readable('order', 'orders', guest)).map(({ id }) => id)).toEqual([guest.orderId]);
    expect(await readable('order', 'order_contact', guest)).toHaveLength(1);
    expect((await readable('payment', 'payment', guest)).map(({ order_id }) => order_id)).toEqual([guest.orderId]);
    expect(await readable('customer', 'customer', guest)).toEqual([]);
  });

  test('cannot be read by an anonymous caller, a customer without a profile, a merchant, or a key for something else', async () => {
    const merchant = actor({ roles: ['MERCHANT'], merchantId: newId('merchant') });
    const key = actor({ roles: [], scopes: ['product:write'] });
    const hostile = actor({ roles: ['CUSTOMER'], customerId: `' or true; reset role; select '` });
    for (const who of [ANONYMOUS, actor({ roles: ['CUSTOMER'] }), merchant, key, hostile])
      for (const [agent, table] of await tables())
        if (isConfined(who, agent)) expect(await readable(agent, table, who)).toEqual([]);
    // A room may grant merchants a scope of its own; these grant nobody of them one.
    for (const who of [ANONYMOUS, actor({ roles: ['CUSTOMER'] }), merchant, key, hostile])
      for (const agent of ['customer', 'order', 'payment']) expect(isConfined(who, agent)).toBe(true);
  });

  test('can all be read by staff, agents and keys for their agent', async () => {
    const key = (agent: string) => actor({ roles: [], scopes: [`${agent}:read`] });
    for (const [agent, table] of await tables())
      for (const who of [admin, operator, viewer, service, key(agent)])
        expect((await readable(agent, table, who)).length).toBeGreaterThan(1);
  });

  test("that a room reads without any condition of access.ts are the caller's own all the same", async () => {
    const [adas, bobs] = [ada, bob].map((who) => ({
      order: orderQueries(stores.get('order')!.readAs(who)),
      payment: paymentQueries(stores.get('payment')!.readAs(who)),
      customer: customerQueries(stores.get('customer')!.readAs(who)),
    })) as [Rooms, Rooms];
    const idsOf = async ({ order }: Rooms) =>
      (await order.page({}, { column: 'placedAt', direction: 'ASC' }, {}, 'ALL')).nodes.map(({ id }) => id);
    const [mine, theirs] = [await idsOf(adas), await idsOf(bobs)];
    expect([mine.length, theirs.length, mine[0] === theirs[0]]).toEqual([1, 1, false]);
    expect(await adas.order.byIds([...mine, ...theirs], 'ALL')).toHaveLength(1);
    expect(await adas.order.contactsOf(theirs, 'ALL')).toEqual([]);
    expect(await adas.payment.byOrders(theirs, 'ALL')).toEqual([]);
    expect(await adas.customer.byIds([bob.customerId!], 'ALL')).toEqual([]);
    expect(await adas.customer.addressesOf([bob.customerId!])).toEqual([]);
    expect(await adas.customer.addressesOf([ada.customerId!])).toHaveLength(1);
  });

  test('leave no role or setting on the connection, whether the statement succeeds or not', async () => {
    const reads = stores.get('order')!.readAs(ada);
    await Promise.all(Array.from({ length: 12 }, () => reads.selectFrom('orders').selectAll().execute()));
    await expect(reads.selectFrom('not_there').selectAll().execute()).rejects.toMatchObject({ code: '42P01' });
    const kysely = agents.roles?.ground.kyselyFor('order') ?? agents.kysely;
    const states = await Promise.all(
      Array.from({ length: 12 }, () =>
        raw(
          kysely,
          `select current_user = session_user as own, coalesce(current_setting('agora.customer_id', true), '') as id`,
        ),
      ),
    );
    for (const { rows } of states) expect(rows).toEqual([{ own: true, id: '' }]);
  });

  test("are all that a reader's role reaches: no other table, no change", async () => {
    const [order, payment] = [stores.get('order')!.readAs(ada), stores.get('payment')!.readAs(ada)];
    await expect(order.selectFrom('order_line').selectAll().execute()).rejects.toMatchObject({ code: '42501' });
    await expect(payment.selectFrom('cancelled_order').selectAll().execute()).rejects.toMatchObject({ code: '42501' });
    await expect(order.deleteFrom('orders').execute()).rejects.toMatchObject({
      code: expect.stringMatching(/42501|25006/),
    });
    await expect(order.updateTable('orders').set({ version: 9 }).execute()).rejects.toMatchObject({
      code: expect.stringMatching(/42501|25006/),
    });
  });

  test('are confined again after a restore, which leaves policies and rights out', async () => {
    const { url, sets, definitions } = await ofDatabase(agents);
    for (const { name, confined = {} } of definitions)
      for (const table of Object.keys(confined)) {
        const { rows } = await raw<{ name: string }>(
          agents.kysely,
          `select policyname::text as name from pg_policies where schemaname = $1 and tablename = $2`,
          [name, table],
        );
        for (const policy of rows) await raw(agents.kysely, `drop policy "${policy.name}" on "${name}"."${table}"`);
        await raw(agents.kysely, `alter table "${name}"."${table}" disable row level security`);
      }
    await migrate(url, sets, () => {});
    if (agents.roles) {
      const confined = Object.fromEntries(definitions.map((agent) => [agent.name, agent.confined]));
      const adminUrl = process.env.AGORA_TEST_ADMIN_URL;
      const names = definitions.map(({ name }) => name);
      await applyRoles({ url, adminUrl, agents: names, confined, prefix: agents.roles.prefix, report: () => {} });
    }
    for (const [agent, table, isTheirs] of await tables())
      expect(await readable(agent, table, ada)).toHaveLength(isTheirs ? 1 : 0);
  });

  (roles ? test : test.skip)('are never read as a role that row-level security does not bind', async () => {
    const { url, definitions } = await ofDatabase(agents);
    const { prefix } = agents.roles!;
    const adminUrl = process.env.AGORA_TEST_ADMIN_URL;
    const confined = Object.fromEntries(definitions.map((agent) => [agent.name, agent.confined]));
    const names = definitions.map(({ name }) => name);
    await asAdmin((admin) => admin.query(`alter role ${prefix}_order_reader bypassrls`));
    try {
      const options = { url, adminUrl, agents: names, confined, prefix, report: () => {} };
      await expect(applyRoles(options)).rejects.toMatchObject({ code: 'ROLE_TOO_MIGHTY' });
    } finally {
      await asAdmin((admin) => admin.query(`alter role ${prefix}_order_reader nobypassrls`));
    }
  });

  test('are read page by page, and counted, by a confined agent as before', async () => {
    const query = '{ orders { totalCount nodes { id } } }';
    const { data } = await agents.ask('order', query, {}, ada);
    expect(data.orders).toMatchObject({ totalCount: 1, nodes: [{ id: expect.stringMatching(/^order_/) }] });
    expect((await agents.ask('order', query, {}, operator)).data.orders.totalCount).toBe(3);
  });
});

/** Whether a confined table has rows that are a customer's own. */
function isOfCustomers(confined: OwnTables, table: string): boolean {
  const rows = confined[table]!;
  return isThrough(rows) ? isOfCustomers(confined, rows.through) : Object.values(rows).includes('customerId');
}

interface Rooms {
  order: ReturnType<typeof orderQueries>;
  payment: ReturnType<typeof paymentQueries>;
  customer: ReturnType<typeof customerQueries>;
}

async function ofDatabase({ kysely }: TestAgents) {
  const { rows } = await raw<{ name: string }>(kysely, 'select current_database()::text as name');
  const url = new URL(process.env.AGORA_TEST_URL!);
  url.pathname = `/${rows[0]!.name}`;
  const definitions = await confinedAgents();
  return { url: url.href, sets: migrationSets(definitions), definitions };
}
