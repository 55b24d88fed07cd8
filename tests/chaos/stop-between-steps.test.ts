/** An orderly stop in the middle of sagas: they are parked, not failed, and go on after the next start. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { temporaryData } from '../support/agora-process.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale, newCustomer, placed, read, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

const folder = temporaryData();
let shop: ProcessShop;
let variantId: string;

beforeAll(async () => {
  shop = await openProcessShop({ data: folder.data, args: ['--empty'] });
  variantId = await forSale(shop);
});

afterAll(async () => {
  await shop?.close();
  await folder.remove();
});

const order = async (token: string, as = newCustomer()): Promise<string> =>
  (await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, as)).order.id;

const sagas = () =>
  shop.kysely
    .selectFrom('dbos.workflow_status')
    .select(['workflow_uuid as id', 'status'])
    .orderBy('workflow_uuid')
    .execute();

test('SIGTERM amid sagas, one of which waits for its buyer: the process ends, and all sagas go on afterwards', async () => {
  const buyer = newCustomer();
  const waiting = await order('tok_3ds', buyer);
  await untilAnswer(
    () => read(shop, waiting),
    (is) => is.paymentStatus === 'REQUIRES_ACTION',
    'the payment does not wait',
  );
  const running = await Promise.all(
    Array.from({ length: 24 }, (_, n) => order(['tok_slow', 'tok_timeout', 'tok_ok'][n % 3]!)),
  );

  const { code, output } = await shop.process.end('SIGTERM');
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Agora is stopping.') });

  await shop.restart();
  const states = new Map((await sagas()).map(({ id, status }) => [id, status]));
  for (const id of [waiting, ...running])
    expect(['ENQUEUED', 'DELAYED', 'PENDING', 'SUCCESS']).toContain(states.get(`placeOrder:${id}`));
  for (const id of running) await settled(shop, id, 'PROCESSING');

  const waits = `query ($id: ID) { order(id: $id) { status payments { id } } }`;
  const { payments, status } = (await done(shop.ask(waits, { id: waiting }, buyer))).order;
  expect(status).toBe('PENDING');
  const confirm = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }`;
  await done(shop.ask(confirm, { input: { paymentId: payments[0].id, idempotencyKey: 'confirm' } }, buyer));
  await settled(shop, waiting, 'PROCESSING');
  await untilAnswer(sagas, (all) => all.every((saga) => saga.status === 'SUCCESS'), 'not every saga ends');
  expect(await inventoryViolations(shop.kysely)).toEqual([]);
  expect(await paymentViolations(shop.kysely)).toEqual([]);
});
