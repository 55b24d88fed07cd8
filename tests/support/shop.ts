/**
 * A small shop to test with: things for sale, their buyers, and functions that place and follow an order. Not for Jest
 * alone.
 */
import assert from 'node:assert/strict';
import { newId } from '../../platform/ids.ts';
import { actor, admin } from './agents.ts';
import type { Answer, TestPlatform } from './platform.ts';
import { untilAnswer } from './until.ts';

/** A new customer who may order. */
export const newCustomer = () => actor({ roles: ['CUSTOMER'], customerId: newId('customer') });

/** An address in France. */
export const ADDRESS = {
  name: 'Ada Example',
  line1: '1 rue de la Paix',
  city: 'Paris',
  postcode: '75002',
  country: 'FR',
};

/** A test's part of an order's input; the rest is filled in. */
export type OrderInput = Record<string, unknown> & { token?: string };

let n = 0;

/** Puts a new variant up for sale, and returns its id. Everything through the public API. */
export async function forSale(
  shop: TestPlatform,
  { price = '10.00', stock = 100 }: { price?: string; stock?: number } = {},
): Promise<string> {
  const create = `mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { id variants { id } } userErrors { message } } }`;
  const { createProduct } = await insist(() => {
    // Another each time: one whose request got no answer may have been made.
    const sku = `TEST-${process.pid}-${Date.now()}-${n++}`;
    const input = { name: sku, merchantId: 'merchant_test', variants: [{ sku, name: 'One' }] };
    return shop.ask(create, { input }, admin);
  });
  const { id, variants } = createProduct.product;
  const variantId = variants[0].id as string;
  const publish = `mutation ($input: ChangeProductStatusInput!) { publishProduct(input: $input) { userErrors { message } } }`;
  await insist(() => shop.ask(publish, { input: { id } }, admin));
  const setPrice = `mutation ($input: SetPriceInput!) { setPrice(input: $input) { userErrors { message } } }`;
  await insist(() => shop.ask(setPrice, { input: { variantId, currency: 'EUR', amount: price } }, admin));
  if (stock > 0) await restock(shop, variantId, stock);
  return variantId;
}

/** Brings stock into the one location of the shop. */
export async function restock(shop: TestPlatform, variantId: string, delta: number): Promise<void> {
  const create = `mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } userErrors { code } } }`;
  const input = { code: 'TEST', name: 'Test warehouse', city: 'Lyon', country: 'FR' };
  await answered(() => shop.ask(create, { input }, admin));
  const { id: locationId } = await shop.kysely
    .selectFrom('inventory.location')
    .select('id')
    .where('code', '=', 'TEST')
    .executeTakeFirstOrThrow();
  const adjust = `mutation ($input: AdjustStockInput!) { adjustStock(input: $input) { userErrors { message } } }`;
  const change = { variantId, locationId, delta, reason: 'test', idempotencyKey: newId('key') };
  await insist(() => shop.ask(adjust, { input: change }, admin));
}

const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  order { id number status version total { amount currency } }
  saga { id }
  orderToken
  userErrors { __typename code message path ... on InsufficientStock { available variantId } ... on TotalMismatch { currentTotal { amount } } }
} }`;

/** Places an order as this customer, or as a guest, and returns the whole answer. */
export function place(
  shop: TestPlatform,
  { token = 'tok_ok', ...input }: OrderInput,
  as?: ReturnType<typeof newCustomer>,
): Promise<Answer> {
  const filled = { shippingAddress: ADDRESS, payment: { token }, idempotencyKey: newId('key'), ...input };
  return shop.ask(PLACE, { input: filled }, as);
}

/** Places an order that must be accepted. */
export async function placed(shop: TestPlatform, input: OrderInput, as?: ReturnType<typeof newCustomer>) {
  const keyed = { idempotencyKey: newId('key'), ...input };
  const { placeOrder } = await insist(() => place(shop, keyed, as));
  return placeOrder as {
    order: { id: string; number: string; total: { amount: string } };
    saga: { id: string };
    orderToken: string | null;
  };
}

const ORDER = `query ($id: ID) { order(id: $id) {
  id status paymentStatus cancellationReason version
  subtotal { minor } discount { minor } shipping { minor } tax { minor } total { minor }
  lines { quantity unitPrice { minor } total { minor } tax { minor } }
  timeline { type occurredAt }
  payments { status amount { minor } capturedAmount { minor } refundedAmount { minor } }
  saga { id status refusal steps { name status attempts } }
} }`;

/** The order as its buyer sees it. */
export const read = async (shop: TestPlatform, id: string, as = admin) =>
  (await done(shop.ask(ORDER, { id }, as))).order;

/** Waits until an order has one of these statuses. @throws Error with the order as it is, at the timeout */
export const settled = (shop: TestPlatform, id: string, ...statuses: string[]) =>
  untilAnswer(
    () => read(shop, id),
    (order) => statuses.includes(order.status),
    `the order does not become ${statuses.join(' or ')}`,
  );

/** Waits until the saga of an order has ended with this status. @throws Error at the timeout */
export async function sagaEnds(shop: TestPlatform, orderId: string, status: string): Promise<void> {
  await untilAnswer(
    async () => (await read(shop, orderId)).saga.status,
    (now) => now === status,
    `the saga does not end as ${status}`,
  );
}

/** Waits until a buyer must confirm the payment of an order, and returns the order. */
export const actionRequired = (shop: TestPlatform, id: string) =>
  untilAnswer(
    () => read(shop, id),
    ({ paymentStatus }) => paymentStatus === 'REQUIRES_ACTION',
    'no action is required',
  );

/** The id of the payment of an order. */
export async function paymentOf(shop: TestPlatform, orderId: string): Promise<string> {
  const { id } = await shop.kysely
    .selectFrom('payment.payment')
    .select('id')
    .where('order_id', '=', orderId)
    .executeTakeFirstOrThrow();
  return id;
}

/** The document of a cancellation. */
export const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
  order { id status cancellationReason } saga { id name status } userErrors { code path } } }`;

/** Asks for the cancellation of an order, and returns the payload. */
export const cancel = async (
  shop: TestPlatform,
  orderId: string,
  as: ReturnType<typeof newCustomer>,
  input: Record<string, unknown> = {},
) =>
  (await shop.ask(CANCEL, { input: { orderId, idempotencyKey: `cancel ${orderId}`, ...input } }, as)).data.cancelOrder;

/** Waits until all sagas of an order have ended, the cancelling one too. */
export const sagasEnd = (shop: TestPlatform, orderId: string) =>
  untilAnswer(
    () =>
      shop.kysely
        .selectFrom('dbos.workflow_status')
        .select(['workflow_uuid', 'status'])
        .where('workflow_uuid', 'like', `%:${orderId}`)
        .execute(),
    (sagas) => sagas.length > 0 && sagas.every(({ status }) => status === 'SUCCESS'),
    'the sagas do not end',
  );

/** The amount that is charged for an order in the end, in minor units. */
export const charged = (order: {
  payments: { capturedAmount: { minor: string }; refundedAmount: { minor: string } }[];
}): bigint =>
  order.payments.reduce(
    (sum, { capturedAmount, refundedAmount }) => sum + BigInt(capturedAmount.minor) - BigInt(refundedAmount.minor),
    0n,
  );

/** Number of units that are left to sell. */
export async function available(shop: TestPlatform, variantId: string): Promise<number> {
  const { productVariant } = await done(
    shop.ask(`query ($id: ID) { productVariant(id: $id) { availability { available } } }`, { id: variantId }),
  );
  return productVariant.availability.available;
}

/** The answer of a request that may be retried, from an Agora that a busy machine leaves no time for a while. */
const answered = (ask: () => Promise<Answer>): Promise<Answer> =>
  untilAnswer(
    ask,
    ({ errors }) => !errors?.some(({ extensions }) => extensions?.code === 'UNAVAILABLE'),
    'Agora stays unavailable',
  );

/** The data of an answer without any error in it, of a request that may be retried. */
const insist = async (ask: () => Promise<Answer>) => done(answered(ask));

/** The data of an answer without any error in it. */
export async function done(answer: Promise<Answer>) {
  const { data, errors } = await answer;
  assert.equal(errors, undefined);
  for (const payload of Object.values(data)) {
    if (payload && typeof payload === 'object' && 'userErrors' in payload)
      assert.equal(JSON.stringify(payload.userErrors), '[]');
  }
  return data;
}
