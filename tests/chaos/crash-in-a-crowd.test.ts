/**
 * `kill -9` while a hundred buyers order at once, at a moment drawn from a seed: the seed is in the test's name, and
 * CHAOS_SEED=… draws the same moments again.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { temporaryData } from '../support/agora-process.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { forSale, newCustomer, place, placed, until } from '../support/shop.ts';

const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));
const KILLS = 5;
const BUYERS = 100;
/** By then all hundred have an answer, and most sagas have ended. */
const LATEST_MS = 2500;
const STOCK = 10_000;
/** What each token leads to. */
const ENDS = {
  tok_ok: 'PROCESSING CAPTURED AUTHORISE,CAPTURE',
  tok_declined: 'CANCELLED FAILED ',
  tok_capture_fails: 'CANCELLED VOIDED AUTHORISE,VOID',
} as const;
const TOKENS = Object.keys(ENDS) as (keyof typeof ENDS)[];

/** Numbers from 0 to 1 that depend on the seed alone (Park and Miller's generator). */
function draw(seed: number, n: number): number[] {
  let state = (seed % 2_147_483_646) + 1;
  return Array.from({ length: n }, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647);
}

const folder = temporaryData();
let shop: ProcessShop;
let variantId: string;

beforeAll(async () => {
  shop = await openProcessShop({ data: folder.data, args: ['--empty'] });
  variantId = await forSale(shop, { stock: STOCK });
}, 60_000);

afterAll(async () => {
  await shop?.close();
  await folder.remove();
});

const moments = draw(SEED, KILLS + 1)
  .slice(1)
  .map((share) => ({ moment: Math.round(share * LATEST_MS) }));

test.each(moments)(
  `kill -9 $moment ms into ${BUYERS} orders (seed ${SEED}): none is lost, none is made twice`,
  async ({ moment }) => {
    const buyers = Array.from({ length: BUYERS }, (_, n) => ({
      as: newCustomer(),
      key: newId('key'),
      token: TOKENS[n % TOKENS.length]!,
    }));
    const inputOf = ({ key: idempotencyKey, token }: (typeof buyers)[number]) => ({
      lines: [{ variantId, quantity: 1 }],
      token,
      idempotencyKey,
    });
    const answers = buyers.map((buyer) => place(shop, inputOf(buyer), buyer.as).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, moment));
    await shop.kill();
    const accepted = (await Promise.all(answers)).map(
      (answer) => answer?.data?.placeOrder?.order?.id as string | undefined,
    );
    await shop.restart();

    const ids: string[] = [];
    for (const [n, buyer] of buyers.entries()) {
      const { order } = await placed(shop, inputOf(buyer), buyer.as);
      expect([order.id, undefined]).toContain(accepted[n]);
      ids.push(order.id);
    }
    const expected = new Map(buyers.map(({ token }, n) => [ids[n]!, ENDS[token]]));
    await until(
      () => strays(expected),
      (orders) => orders.length === 0,
      'not every order ends as it should',
    );
    const customers = buyers.map(({ as }) => as.customerId!);
    const orders = await shop.kysely
      .selectFrom('order.orders')
      .select('id')
      .where('customer_id', 'in', customers)
      .execute();
    expect(orders.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await unfinishedSagas()).toEqual([]);
    expect(await inventoryViolations(shop.kysely)).toEqual([]);
    expect(await paymentViolations(shop.kysely)).toEqual([]);
  },
  120_000,
);

test('of the stock as much is promised as was sold', async () => {
  const sold = await shop.kysely.selectFrom('order.orders').select('id').where('status', '=', 'PROCESSING').execute();
  const levels = await shop.kysely.selectFrom('inventory.stock_level').select(['on_hand', 'reserved']).execute();
  expect(levels).toEqual([{ on_hand: STOCK, reserved: sold.length }]);
});

/** Orders of which something else became: status, payment, and what the provider did. */
async function strays(expected: ReadonlyMap<string, string>): Promise<string[]> {
  const ids = [...expected.keys()];
  const orders = await shop.kysely
    .selectFrom('order.orders')
    .select(['id', 'status', 'payment_status'])
    .where('id', 'in', ids)
    .execute();
  const moved = await shop.kysely
    .selectFrom('payment.payment as p')
    .innerJoin('payment.simulator_entry as e', 'e.reference', 'p.id')
    .select(['p.order_id', 'e.kind'])
    .where('p.order_id', 'in', ids)
    .orderBy('e.kind')
    .execute();
  const became = new Map(
    orders.map(({ id, status, payment_status }) => {
      const kinds = moved.filter((entry) => entry.order_id === id).map((entry) => entry.kind);
      return [id, `${status} ${payment_status} ${kinds.join()}`];
    }),
  );
  return ids
    .filter((id) => became.get(id) !== expected.get(id))
    .map((id) => `${id}: ${became.get(id)}, not ${expected.get(id)}`);
}

const unfinishedSagas = () =>
  until(
    () =>
      shop.kysely
        .selectFrom('dbos.workflow_status')
        .select(['workflow_uuid', 'status'])
        .where('status', '<>', 'SUCCESS')
        .execute(),
    (unfinished) => unfinished.length === 0,
    'not every saga ends',
  );
