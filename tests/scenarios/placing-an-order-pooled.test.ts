/** All tests of placing-an-order.test.ts through PgBouncer in transaction mode, where this machine has one. */
import { afterAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { startPooler } from '../support/pooler.ts';

const pooler = await startPooler();
const behind = pooler ? test : test.skip;
if (pooler) {
  process.env.AGORA_TEST_POOLER = pooler.address;
  await import('./placing-an-order.test.ts');
} else {
  process.stderr.write(
    'PgBouncer is not on this machine: nothing is known of Agora behind it. (Debian: apt install pgbouncer)\n',
  );
}
afterAll(() => pooler?.end());

behind('all statements go through PgBouncer, over a few connections', async () => {
  const admin = new pg.Client({ connectionString: process.env.AGORA_TEST_ADMIN_URL });
  await admin.connect();
  const { rows } = await admin.query(
    `select count(*)::int as n from pg_stat_activity where application_name = 'agora pooled'`,
  );
  await admin.end();
  expect(rows[0].n).toBeGreaterThan(0);
  expect(rows[0].n).toBeLessThanOrEqual(4);
});
