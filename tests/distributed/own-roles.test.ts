/** Processes with nothing but their agents' own roles: none of them could read another agent's tables. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectionsOf } from '../../db/connect/connection-counts.ts';
import { openRoleProcesses, type RoleProcesses } from '../support/role-processes.ts';
import { forSale, newCustomer, placed, sagaEnds, settled } from '../support/shop.ts';

let it: RoleProcesses;
beforeAll(async () => {
  it = await openRoleProcesses();
});
afterAll(() => it?.close());

test('an order is placed, paid for and carried to its end', async () => {
  const { shop, agora, roles } = it;
  const variantId = await forSale(shop, { stock: 5 });
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, newCustomer());
  await settled(shop, order.id, 'PROCESSING');
  await sagaEnds(shop, order.id, 'COMPLETED');
  const { rows } = await agora.database.pool.query(
    `select count(*)::int as n from pg_stat_activity where datname = current_database()
        and application_name like 'agora%' and application_name <> 'agora test'
        and not starts_with(usename, $1)`,
    [roles.prefix],
  );
  expect(rows).toEqual([{ n: 0 }]);
});

test('the processes open no more connections than a deployment counts for them', async () => {
  const { agora, roles, groups } = it;
  const { rows } = await agora.database.pool.query(
    `select count(*)::int as n from pg_stat_activity
      where datname = current_database() and starts_with(usename, $1)`,
    [roles.prefix],
  );
  const counted = [[], ...groups].map((names) => connectionsOf({ agents: names.map((name) => ({ name })) }));
  const most = counted.reduce((sum, { pooled, direct }) => sum + pooled + direct, 0);
  expect(rows[0].n).toBeGreaterThan(groups.length);
  expect(rows[0].n).toBeLessThanOrEqual(most);
});
