/** The figures of customers follow their orders through the gateway, and are rebuilt while orders are placed. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../../../platform/data/raw.ts';
import { newId } from '../../../platform/ids.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { operator, viewer } from '../../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../../tests/support/platform.ts';
import {
  cancel,
  done,
  forSale,
  newCustomer,
  paymentOf,
  placed,
  sagaEnds,
  settled,
} from '../../../tests/support/shop.ts';
import { until } from '../../../tests/support/until.ts';

let shop: TestPlatform;
let variantId: string;
beforeAll(async () => {
  shop = await openPlatform();
  variantId = await forSale(shop, { stock: 500 });
});
afterAll(() => shop?.close());

const query = async <Row = any>(text: string, values: unknown[] = []) =>
  (await raw<any>(shop.kysely, text, values)).rows as Row[];

/** A customer with a profile, as signing up makes it. */
async function buyer() {
  const self = newCustomer();
  await query(
    `insert into customer.customer (id, user_id, name, email, created_at, updated_at) values ($1, $2, 'Ada', 'a@x.test', now(), now())`,
    [self.customerId, newId('user')],
  );
  return self;
}

const FIGURES = `query ($id: ID!) { customer(id: $id) { orderStatistics {
  orderCount cancelledCount spent { minor currency } lastOrderAt } } }`;
const figures = async (self: Actor, as: Actor = self) =>
  (await done(shop.ask(FIGURES, { id: self.customerId }, as))).customer?.orderStatistics;

/** Figures that differ from what the orders themselves say: the database alone is asked. */
const wrong = () =>
  query(
    `with truth as (
       select o.id, o.customer_id, o.status, o.currency, o.total_minor, o.version,
              case when o.payment_status = 'REFUNDED' then o.total_minor else coalesce((select sum(amount_minor)
                from "order".timeline_entry e where e.order_id = o.id and e.type = 'PAYMENT_REFUNDED'), 0) end as refunded_minor
         from "order".orders o where customer_id is not null)
     select coalesce(t.id, c.id) as id, to_jsonb(t) as truth, to_jsonb(c) as shown
       from truth t full join customer.customer_order c on c.id = t.id
      where (t.customer_id, t.status, t.currency, t.total_minor, t.refunded_minor)
            is distinct from (c.customer_id, c.status, c.currency, c.total_minor, c.refunded_minor)
         or c.version > t.version`,
  );
const areRight = () => until('the figures are those of the orders', async () => (await wrong()).length === 0);

const act = async (mutation: string, input: object) => {
  const keyed = { reason: 'because', idempotencyKey: newId('key'), consumer: 'customer.orders', ...input };
  const [, type = ''] = /^(\w)/.exec(mutation) ?? [];
  const text = `mutation ($input: ${type.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) {
    action { action consumerName by } userErrors { code path } } }`;
  return (await shop.ask(text, { input: keyed }, operator)).data![mutation];
};
const rebuild = () => act('rebuildProjection', {});

const CONSUMERS = `{ consumers { name tablesVersion isRebuildable agent { id }
  rebuild { status version consumer { name status backfilled lagEvents lagSeconds } } } }`;
const consumer = async () =>
  (await done(shop.ask(CONSUMERS, {}, viewer))).consumers.find(
    ({ name }: { name: string }) => name === 'customer.orders',
  );

const place = (self: ReturnType<typeof newCustomer>, quantity = 1) =>
  placed(shop, { lines: [{ variantId, quantity }] }, self);

test('orders, cancellations and refunds are in the figures of their customer, and guests’ in none', async () => {
  const self = await buyer();
  expect(await figures(self)).toEqual({ orderCount: 0, cancelledCount: 0, spent: [], lastOrderAt: null });
  const { order: kept } = await place(self, 2);
  const { order: refunded } = await place(self);
  const { order: cancelled } = await place(self);
  for (const { id } of [kept, refunded, cancelled]) await sagaEnds(shop, id, 'COMPLETED');
  await cancel(shop, cancelled.id, self);
  await settled(shop, cancelled.id, 'CANCELLED');
  const refund = `mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) { userErrors { message } } }`;
  const amount = { amount: '1.00', currency: 'EUR' };
  const input = {
    paymentId: await paymentOf(shop, refunded.id),
    reason: 'Broken',
    amount,
    idempotencyKey: newId('key'),
  };
  expect((await done(shop.ask(refund, { input }, operator))).refundPayment.userErrors).toEqual([]);

  const totals = await query(
    `select id, total_minor::text as total, placed_at as at from "order".orders where customer_id = $1 order by id`,
    [self.customerId],
  );
  const totalOf = (id: string) => BigInt(totals.find((row) => row.id === id).total);
  const expected = {
    orderCount: 2,
    cancelledCount: 1,
    spent: [{ minor: String(totalOf(kept.id) + totalOf(refunded.id) - 100n), currency: 'EUR' }],
    lastOrderAt: totals.find((row) => row.id === refunded.id).at.toISOString(),
  };
  await until('all is in', async () => JSON.stringify(await figures(self)) === JSON.stringify(expected));
  expect(await figures(self, operator)).toEqual(expected);
  // Whoever does not see the customer sees no figures.
  for (const stranger of [await buyer(), viewer]) expect(await figures(self, stranger)).toBeUndefined();
  await areRight();
});

const POLICIES = `select policyname, roles::text, qual from pg_policies
  where schemaname = 'customer' and tablename = 'customer_order' order by policyname`;

test('a rebuild while orders are placed ends with the figures of the orders; meanwhile the old ones are shown', async () => {
  const self = await buyer();
  for (let n = 0; n < 3; n++) await place(self);
  await areRight();
  // Readers of the old table hold the exchange back until the test has looked.
  const old = await query(`select 'customer.customer_order'::regclass::oid as oid`);
  const policies = await query(POLICIES);
  await shop.kysely.connection().execute(async (reader) => {
    await raw(reader, 'set transaction_timeout = 0');
    await raw(reader, 'set idle_in_transaction_session_timeout = 0');
    await raw(reader, 'begin');
    await raw(reader, 'select from customer.customer_order limit 1');
    try {
      expect(await rebuild()).toMatchObject({
        action: { action: 'REBUILD', consumerName: 'customer.orders' },
        userErrors: [],
      });
      expect((await rebuild()).userErrors).toEqual([{ code: 'INVALID_STATE', path: ['input', 'consumer'] }]);
      await until('it follows', async () => (await consumer()).rebuild?.consumer?.status === 'FOLLOWING');
      expect(await consumer()).toMatchObject({
        tablesVersion: 1,
        isRebuildable: true,
        agent: { id: 'customer' },
        rebuild: { status: 'RUNNING', version: 1, consumer: { name: 'customer.orders.next' } },
      });
      for (let n = 0; n < 3; n++) await place(self);
      await until('the old ones go on', async () => (await figures(self)).orderCount === 6);
      expect(await query(`select 'customer.customer_order'::regclass::oid as oid`)).toEqual(old);
    } finally {
      await raw(reader, 'commit');
      await raw(reader, 'reset transaction_timeout');
      await raw(reader, 'reset idle_in_transaction_session_timeout');
    }
  });
  await until(
    'it is over',
    async () =>
      (await query(`select from platform.log_cursor where consumer = 'customer.orders' and rebuild is null`)).length ===
      1,
  );
  expect(await query(`select 'customer.customer_order'::regclass::oid as oid`)).not.toEqual(old);
  await areRight();
  expect((await figures(self)).orderCount).toBe(6);
  expect(await query(`select from pg_namespace where nspname = 'customer_orders_next'`)).toEqual([]);
  // Another customer's rows stay withheld by PostgreSQL itself.
  expect(await query(POLICIES)).toEqual(policies);
  expect(policies).not.toEqual([]);
});

test('a rebuild is given up by an operator, and only one that is under way', async () => {
  expect((await act('cancelRebuild', {})).userErrors).toEqual([{ code: 'INVALID_STATE', path: ['input', 'consumer'] }]);
  expect((await act('cancelRebuild', { consumer: 'nobody' })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  await query(
    `update platform.log_cursor set rebuild = 'ASKED', rebuild_version = 9 where consumer = 'customer.orders'`,
  );
  expect(await act('cancelRebuild', {})).toMatchObject({ action: { action: 'CANCEL_REBUILD' }, userErrors: [] });
  await until(
    'it is cleared away',
    async () =>
      (await query(`select from platform.log_cursor where consumer = 'customer.orders' and rebuild is null`)).length ===
      1,
  );
  expect((await act('rebuildProjection', { consumer: 'notification' })).userErrors).toMatchObject([
    { code: 'NOT_REBUILDABLE' },
  ]);
});
