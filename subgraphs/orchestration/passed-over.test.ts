/** Parked sagas whose events or steps were handled by another release, on the real engine with all agents. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Actor } from '../../platform/identity/actor.ts';
import { admin, operator } from '../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../tests/support/platform.ts';
import { done, forSale, newCustomer, placed, read, sagaEnds, settled } from '../../tests/support/shop.ts';
import { until } from '../../tests/support/until.ts';

let shop: TestPlatform;
let variantId: string;
beforeAll(async () => {
  shop = await openPlatform();
  variantId = await forSale(shop, { stock: 100 });
  await sql`create table public.broken (what text)`.execute(shop.kysely);
  await sql`create function public.break_it() returns trigger language plpgsql security definer as $$ begin
    if exists (select from public.broken where what = tg_op) then raise exception 'broken'; end if; return new; end $$`.execute(
    shop.kysely,
  );
  await sql`create trigger break_it before insert or update on inventory.reservation for each row
    execute function public.break_it()`.execute(shop.kysely);
});
afterEach(() => mend());
afterAll(() => shop?.close());

/** Makes every reservation fail, or every release of one. */
const breakIt = (what: 'INSERT' | 'UPDATE') => sql`insert into public.broken values (${what})`.execute(shop.kysely);
const mend = () => sql`delete from public.broken`.execute(shop.kysely);
const order = async (token: string, buyer = newCustomer()) =>
  (await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, buyer)).order.id;
const isParked = (saga: string) =>
  until(`${saga} is parked`, async () => {
    const { rows } = await sql`select from dbos.workflow_status s where workflow_uuid = ${saga} and status = 'DELAYED'
      and exists (select from platform.saga_wait where saga_id = ${saga})`.execute(shop.kysely);
    return rows.length > 0;
  });
/** Postpones the time at which a parked saga resumes. */
const postpone = (saga: string, time: string) =>
  sql`with later as (update platform.saga_wait set until = now() + ${time}::interval where saga_id = ${saga})
    update dbos.workflow_status set delay_until_epoch_ms = extract(epoch from now() + ${time}::interval) * 1000
     where workflow_uuid = ${saga}`.execute(shop.kysely);
/** Has the buyer confirm the payment of an order. */
const confirmPayment = async (orderId: string, buyer: Actor) => {
  const payments = await sql<{ id: string }>`select id from payment.payment where order_id = ${orderId}`.execute(
    shop.kysely,
  );
  const confirm = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }`;
  const input = { paymentId: payments.rows[0]!.id, idempotencyKey: orderId };
  await done(shop.ask(confirm, { input }, buyer));
};
/** An operator's decision about a step, of which the saga is not told. */
const decide = (saga: string, step: string, action: 'COMPENSATE' | 'SKIP') =>
  sql`insert into orchestration.saga_action (saga_id, number, step, action, requested_by, reason, at)
    values (${saga}, 1, ${step}, ${action}, ${operator.id}, 'It hangs.', now())`.execute(shop.kysely);
/** Replaces the stored result of a step by the one of another release. */
const keep = async (saga: string, step: string, result: object) => {
  const kept = JSON.stringify({ json: result, __dbos_serializer: 'superjson' });
  const changed = await sql`update dbos.operation_outputs set output = ${kept}
     where workflow_uuid = ${saga} and function_name = ${step}`.execute(shop.kysely);
  expect(changed.numAffectedRows).toBe(1n);
};

test('a saga whose buyer has confirmed goes on, although it got no signal', async () => {
  const buyer = newCustomer();
  const [confirmed, waiting] = [await order('tok_3ds', buyer), await order('tok_3ds', buyer)];
  for (const id of [confirmed, waiting]) await isParked(`placeOrder:${id}`);
  // As if a process of another release, which signals no parked saga, had handled the event.
  await sql`create function public.silence() returns trigger language plpgsql security definer as $$ begin
    return case when new.message_uuid like 'passed over%' then new end; end $$`.execute(shop.kysely);
  await sql`create trigger silence before insert on dbos.notifications for each row execute function public.silence()`.execute(
    shop.kysely,
  );
  await confirmPayment(confirmed, buyer);
  await settled(shop, confirmed, 'PROCESSING');
  await sagaEnds(shop, confirmed, 'COMPLETED');
  expect(await read(shop, waiting)).toMatchObject({ status: 'PENDING', saga: { status: 'WAITING' } });
  await sql`drop function public.silence cascade`.execute(shop.kysely);
});

test('a saga takes up the decision of an operator, although it was not woken', async () => {
  await breakIt('INSERT');
  const id = await order('tok_ok');
  const saga = `placeOrder:${id}`;
  await isParked(saga);
  await postpone(saga, '1 hour');
  await decide(saga, 'reserve', 'COMPENSATE');
  await mend();
  await sagaEnds(shop, id, 'COMPENSATED');
  expect(await read(shop, id)).toMatchObject({ status: 'CANCELLED', paymentStatus: 'VOIDED' });
});

test('an order whose wait for the buyer is skipped while the buyer confirms is paid for, and one that is not confirmed is cancelled', async () => {
  const buyer = newCustomer();
  const [confirmed, waiting] = [await order('tok_3ds', buyer), await order('tok_3ds', buyer)];
  for (const id of [confirmed, waiting]) await isParked(`placeOrder:${id}`);
  await decide(`placeOrder:${confirmed}`, 'settle', 'SKIP');
  await confirmPayment(confirmed, buyer);
  await settled(shop, confirmed, 'PROCESSING');
  await sagaEnds(shop, confirmed, 'COMPLETED');
  const paid = { paymentStatus: 'CAPTURED', payments: [{ status: 'CAPTURED' }] };
  expect(await read(shop, confirmed)).toMatchObject(paid);
  await decide(`placeOrder:${waiting}`, 'settle', 'SKIP');
  await postpone(`placeOrder:${waiting}`, '0 seconds');
  await settled(shop, waiting, 'CANCELLED');
  expect(await read(shop, waiting)).toMatchObject({ paymentStatus: 'VOIDED', payments: [{ status: 'VOIDED' }] });
});

const AT = '2026-05-31T23:59:00.000Z';

test.each([
  ['not confirmed', 'tok_3ds', 'NOTHING', 'VOIDED'],
  ['taken', 'tok_ok', 'REFUNDED', 'REFUNDED'],
])('a cancellation that another release began ends with the true payment status: %s', async (_, token, payment, is) => {
  const id = await order(token);
  const saga = `cancelOrder:${id}`;
  if (token === 'tok_ok') await sagaEnds(shop, id, 'COMPLETED');
  else await isParked(`placeOrder:${id}`);
  await breakIt('UPDATE');
  const cancel = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;
  await done(shop.ask(cancel, { input: { orderId: id, idempotencyKey: id } }, admin));
  await isParked(saga);
  await keep(saga, 'cancel payment', { result: { payment }, at: AT });
  await mend();
  await postpone(saga, '0 seconds');
  await settled(shop, id, 'CANCELLED');
  expect(await read(shop, id)).toMatchObject({ paymentStatus: is, payments: [{ status: is }] });
});

test('a declined order whose payment another release undid has the payment status FAILED', async () => {
  await breakIt('UPDATE');
  const id = await order('tok_declined');
  const saga = `placeOrder:${id}`;
  await isParked(saga);
  await keep(saga, 'undo pay', { at: AT, nothing: true });
  await mend();
  await postpone(saga, '0 seconds');
  await settled(shop, id, 'CANCELLED');
  expect(await read(shop, id)).toMatchObject({ paymentStatus: 'FAILED', cancellationReason: 'PAYMENT_DECLINED' });
});
