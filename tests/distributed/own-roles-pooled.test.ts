/** Processes on their agents' own roles, through PgBouncer in transaction mode, as a large deployment runs them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { orSkip } from '../support/or-skip.ts';
import { hasPooler, POOL_SIZE } from '../support/pooler.ts';
import { openRoleProcesses, type RoleProcesses } from '../support/role-processes.ts';
import { forSale, newCustomer, placed, sagaEnds, settled } from '../support/shop.ts';

orSkip(
  hasPooler(),
  describe,
  "agents' own roles through PgBouncer",
  'pgbouncer',
)('agents on their own roles through PgBouncer', () => {
  let it: RoleProcesses;
  beforeAll(async () => {
    it = await openRoleProcesses({ pooled: true });
  });
  afterAll(() => it?.close());

  test('carry concurrent orders to their end', async () => {
    const { shop, agora } = it;
    const variantId = await forSale(shop, { stock: 50 });
    const orders = await Promise.all(
      Array.from({ length: 8 }, () => placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer())),
    );
    for (const { order } of orders) {
      await settled(shop, order.id, 'PROCESSING');
      await sagaEnds(shop, order.id, 'COMPLETED');
    }
    const { rows } = await agora.database.pool.query(
      'select status, count(*)::int as n from "order".orders group by 1',
    );
    expect(rows).toEqual([{ status: 'PROCESSING', n: 8 }]);
  });

  test('use a few connections of each role', async () => {
    const { agora, roles } = it;
    const { rows } = await agora.database.pool.query<{ usename: string; n: number }>(
      `select usename, count(*)::int as n from pg_stat_activity
        where datname = current_database() and application_name = 'agora ' || substr(usename, length($1) + 2)
        group by 1`,
      [roles.prefix],
    );
    const order = rows.find(({ usename }) => usename === `${roles.prefix}_order`);
    expect(order?.n).toBeGreaterThan(0);
    for (const { usename, n } of rows) expect([usename, n <= POOL_SIZE]).toEqual([usename, true]);
  });

  test('have their rights and limits by role, though PgBouncer passes on none that a client asks for', async () => {
    const client = new pg.Client({ connectionString: it.url('order') });
    await client.connect();
    try {
      const { rows } = await client.query(
        `select current_user as role, current_setting('transaction_timeout') as limit`,
      );
      expect(rows).toEqual([{ role: `${it.roles.prefix}_order`, limit: '5s' }]);
      await expect(client.query('select from payment.payment')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});
