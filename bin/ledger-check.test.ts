/** `npm run ledger:check`, as an operator runs it beside agents that serve. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../platform/data/raw.ts';
import { deterministicId } from '../platform/ids.ts';
import { insertDemoPayments } from '../subgraphs/payment/demo.ts';
import { openAgents, type TestAgents } from '../tests/support/agents.ts';
import { until } from '../tests/support/until.ts';

let agents: TestAgents;
let url: string;
beforeAll(async () => {
  agents = await openAgents(['payment']);
  const [{ name }] = (await raw<{ name: string }>(agents.kysely, 'select current_database() as name')).rows as [
    { name: string },
  ];
  url = Object.assign(new URL(process.env.AGORA_TEST_ADMIN_URL!), { pathname: `/${name}` }).href;
});
afterAll(() => agents.close());

async function check(database: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const env = { ...process.env, DATABASE_URL: database };
  const program = ['--no-warnings', join(import.meta.dirname, 'ledger-check.ts'), ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { env });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: stdout + stderr };
  }
}

test('a ledger without a fault is whole, and one that the owner of the database has changed is not', async () => {
  expect(await check(url)).toEqual({ code: 0, said: 'The ledger of payment is whole: 0 accounts, 0 transfers.\n' });
  const bill = {
    orderId: deterministicId('order', 1),
    paymentStatus: 'CAPTURED',
    amount: { minor: '1999', currency: 'EUR' },
  } as const;
  await insertDemoPayments(agents.kysely.withSchema('payment'), [{ ...bill, placedAt: '2026-01-02T03:04:05.000Z' }]);
  await agents.host.start();
  await until('it is booked', async () => (await check(url, 'payment')).said.includes('2 accounts, 2 transfers'));
  await agents.host.stop('the owner meddles');
  await raw(agents.kysely, 'alter table payment.ledger_account disable trigger user');
  await raw(agents.kysely, `update payment.ledger_account set debits_posted = 5 where code = 'PAYMENT'`);
  expect(await check(url)).toEqual({
    code: 1,
    said: expect.stringMatching(
      /^THE LEDGER OF PAYMENT IS WRONG in 2 accounts and 2 transfers:\n- account payment_\w+ of EUR/,
    ),
  });
});

test('what could not be checked is not called whole', async () => {
  expect(await check(process.env.AGORA_TEST_ADMIN_URL!)).toMatchObject({
    code: 1,
    said: expect.stringContaining('There is no ledger of payment'),
  });
  expect(await check(url, 'order')).toMatchObject({
    code: 1,
    said: expect.stringContaining('order is no agent with a ledger: payment.'),
  });
});
