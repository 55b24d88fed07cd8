/** Orders of which an operator skips a step of the payment: none goes out unpaid. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import { operator, viewer } from '../support/agents.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import {
  actionRequired,
  available,
  charged,
  done,
  forSale,
  newCustomer,
  paymentOf,
  placed,
  read,
  sagaEnds,
  settled,
} from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform({ config: { PAYMENT_TIMEOUT_MS: '2000' } });
  await sql`create function public.break() returns trigger language plpgsql as
    $$ begin raise exception 'broken'; end $$`.execute(shop.kysely);
  await sql`create function public.hurry() returns trigger language plpgsql as $$ begin
    new.action_expires_at := new.created_at + interval '1 second'; return new; end $$`.execute(shop.kysely);
});
afterAll(() => shop?.close());

/** What is broken, and for which rows of which table. */
const BREAKS = {
  provider: ['payment.simulator_payment', 'true'],
  'record of the charge': ['payment.payment', `new.status in ('AUTHORIZED', 'CAPTURED')`],
  'record of the end': ['payment.payment', `new.status = 'FAILED'`],
  'record of the capture': ['payment.payment', `new.status = 'CAPTURED'`],
} as const;
const breakIt = (what: keyof typeof BREAKS) => {
  const [table, rows] = BREAKS[what];
  const trigger = `create trigger broken before insert or update on ${table} for each row when (${rows})`;
  return sql.raw(`${trigger} execute function public.break()`).execute(shop.kysely);
};
const mend = async () => {
  for (const [table] of Object.values(BREAKS))
    await sql.raw(`drop trigger if exists broken on ${table}`).execute(shop.kysely);
};
afterEach(async () => {
  await mend();
  await sql`drop trigger if exists hurried on payment.simulator_payment`.execute(shop.kysely);
});

interface Step {
  name: string;
  status: string;
}
const SAGA = 'query ($id: ID!) { saga(id: $id) { steps { name status } } }';
const untilStep = (sagaId: string, name: string, status: string) =>
  untilAnswer(
    async (): Promise<Step[]> => (await done(shop.ask(SAGA, { id: sagaId }, viewer))).saga.steps,
    (steps) => steps.some((step) => step.name === name && step.status === status),
    `the step ${name} is not ${status}`,
  );
const SKIP = 'mutation ($input: SkipSagaStepInput!) { skipSagaStep(input: $input) { userErrors { code } } }';

/** Skips a step once it fails, and then mends what is broken. */
const skip = async (sagaId: string, step: string) => {
  await untilStep(sagaId, step, 'RETRYING');
  await done(shop.ask(SKIP, { input: { sagaId, step, reason: 'Seen to.', idempotencyKey: newId('key') } }, operator));
  await untilStep(sagaId, step, 'SKIPPED');
  await mend();
};
const begin = async (token: string) => {
  const variantId = await forSale(shop, { stock: 5 });
  const buyer = newCustomer();
  const { order, saga } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, buyer);
  return { orderId: order.id, sagaId: saga.id, variantId, buyer };
};
const movesOf = async (orderId: string): Promise<string[]> => {
  const rows = await shop.kysely
    .selectFrom('payment.simulator_entry as e')
    .innerJoin('payment.payment as p', 'p.id', 'e.reference')
    .select('e.kind')
    .where('p.order_id', '=', orderId)
    .execute();
  return rows.map(({ kind }) => kind).sort();
};

/** Checks that an order was undone: it was never confirmed, costs nothing, and holds no stock. */
const isUndone = async ({ orderId, variantId }: { orderId: string; variantId: string }) => {
  const ended = await settled(shop, orderId, 'CANCELLED', 'PROCESSING');
  expect([ended.status, charged(ended)]).toEqual(['CANCELLED', 0n]);
  await sagaEnds(shop, orderId, 'COMPENSATED');
  expect(ended.timeline.map(({ type }: { type: string }) => type)).not.toContain('CONFIRMED');
  expect(await available(shop, variantId)).toBe(5);
  expect(await paymentViolations(shop.kysely)).toEqual([]);
};

test.each([
  ['whose provider is away', 'tok_ok', 'provider', ['VOID']],
  ['that was charged without an answer', 'tok_timeout', 'record of the charge', ['AUTHORISE', 'CAPTURE', 'REFUND']],
] as const)('an order %s is undone when its payment is skipped', async (_, token, broken, moves) => {
  await breakIt(broken);
  const order = await begin(token);
  await skip(order.sagaId, 'pay');
  await isUndone(order);
  expect(await movesOf(order.orderId)).toEqual(moves);
});

test('an order whose buyer did not confirm the payment is undone when the wait for it is skipped', async () => {
  await sql`create trigger hurried before insert on payment.simulator_payment for each row
    execute function public.hurry()`.execute(shop.kysely);
  await breakIt('record of the end');
  const order = await begin('tok_3ds');
  await skip(order.sagaId, 'settle');
  await isUndone(order);
  expect(await movesOf(order.orderId)).toEqual([]);
});

const CONFIRM = 'mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }';

test('an order whose capture is skipped, as an operator took the money by hand, is processed as paid', async () => {
  const { orderId, sagaId, buyer } = await begin('tok_3ds');
  await actionRequired(shop, orderId);
  await breakIt('record of the capture');
  const input = { paymentId: await paymentOf(shop, orderId), idempotencyKey: newId('key') };
  await done(shop.ask(CONFIRM, { input }, buyer));
  await skip(sagaId, 'capture');
  expect(await settled(shop, orderId, 'PROCESSING')).toMatchObject({ paymentStatus: 'CAPTURED' });
  await sagaEnds(shop, orderId, 'COMPLETED');
  expect((await read(shop, orderId)).timeline.map(({ type }: { type: string }) => type)).toContain('PAYMENT_CAPTURED');
});
