/** Orders whose order agent is still of the earlier release, and starts the saga by its earlier name. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openPlatform, type TestPlatform } from '../../../tests/support/platform.ts';
import { done, forSale, newCustomer, placed, read, sagaEnds, settled } from '../../../tests/support/shop.ts';
import { untilAnswer } from '../../../tests/support/until.ts';

let shop: TestPlatform;
let variantId: string;
beforeAll(async () => {
  shop = await openPlatform({ config: { PAYMENT_TIMEOUT_MS: '2000' } });
  variantId = await forSale(shop, { stock: 10 });
  await sql`create function public.by_its_earlier_name() returns trigger language plpgsql as $$ begin
    new.name := 'placeOrder'; return new; end $$`.execute(shop.kysely);
  await sql`create trigger by_its_earlier_name before insert on dbos.workflow_status for each row
    when (new.name = 'placeOrder.v2') execute function public.by_its_earlier_name()`.execute(shop.kysely);
});
afterAll(() => shop?.close());

const order = async (token: string, buyer = newCustomer()): Promise<string> =>
  (await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, buyer)).order.id;

const rowsOf = async (query: ReturnType<typeof sql<{ name: string }>>): Promise<string[]> =>
  (await query.execute(shop.kysely)).rows.map(({ name }) => name);
const checkpoints = (orderId: string) =>
  rowsOf(sql`select function_name as name from dbos.operation_outputs
    where workflow_uuid = ${`placeOrder:${orderId}`} and function_name not like 'DBOS.%' order by function_id`);
const moves = (orderId: string) =>
  rowsOf(sql`select kind as name from payment.simulator_entry e join payment.payment p on p.id = e.reference
    where p.order_id = ${orderId} order by kind`);
const types = ({ timeline }: { timeline: { type: string }[] }) => timeline.map(({ type }) => type);

test('are authorised, confirmed, captured and processed, with a checkpoint after each step', async () => {
  const id = await order('tok_ok');
  const ended = await settled(shop, id, 'PROCESSING');
  await sagaEnds(shop, id, 'COMPLETED');
  expect(types(ended)).toEqual([
    'PLACED',
    'STOCK_RESERVED',
    'PAYMENT_AUTHORIZED',
    'CONFIRMED',
    'PAYMENT_CAPTURED',
    'PROCESSING',
  ]);
  expect(await checkpoints(id)).toEqual(['reserve', 'authorise', 'confirm', 'capture', 'process']);
  expect(await moves(id)).toEqual(['AUTHORISE', 'CAPTURE']);
});

test('are undone when the capture is refused', async () => {
  const id = await order('tok_capture_fails');
  expect(await settled(shop, id, 'CANCELLED')).toMatchObject({ paymentStatus: 'VOIDED' });
  await sagaEnds(shop, id, 'COMPENSATED');
  expect((await checkpoints(id)).slice(3)).toEqual(['capture', 'undo authorise', 'undo reserve', 'cancel']);
  expect(await moves(id)).toEqual(['AUTHORISE', 'VOID']);
});

test('are cancelled while they wait for their capture, and charged for nothing in the end', async () => {
  const buyer = newCustomer();
  const id = await order('tok_capture_timeout', buyer);
  await settled(shop, id, 'CONFIRMED');
  const cancel = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;
  const { cancelOrder } = await done(shop.ask(cancel, { input: { orderId: id, idempotencyKey: id } }, buyer));
  expect(cancelOrder.userErrors).toEqual([]);
  const { paymentStatus } = await settled(shop, id, 'CANCELLED');
  await sagaEnds(shop, id, 'COMPENSATED');
  expect(await moves(id)).toEqual(
    paymentStatus === 'REFUNDED' ? ['AUTHORISE', 'CAPTURE', 'REFUND'] : ['AUTHORISE', 'VOID'],
  );
});

test('wait for a buyer who has to confirm the payment', async () => {
  const buyer = newCustomer();
  const id = await order('tok_3ds', buyer);
  await untilAnswer(
    () => read(shop, id),
    (is) => is.paymentStatus === 'REQUIRES_ACTION',
    'the payment does not wait',
  );
  const { payments } = (await done(shop.ask(`query ($id: ID) { order(id: $id) { payments { id } } }`, { id }, buyer)))
    .order;
  const confirm = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }`;
  await done(shop.ask(confirm, { input: { paymentId: payments[0].id, idempotencyKey: 'c' } }, buyer));
  expect(await settled(shop, id, 'PROCESSING')).toMatchObject({ paymentStatus: 'CAPTURED' });
  expect(await moves(id)).toEqual(['AUTHORISE', 'CAPTURE']);
});
