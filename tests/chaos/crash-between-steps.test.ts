/** A crash before every write that an order leads to, for each kind of order: every-write.ts says how. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { temporaryData } from '../support/agora-process.ts';
import { installCrashPoints } from '../support/crash-points.ts';
import { footprint } from '../support/footprint.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale, newCustomer, placed, read, sagaEnds, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';
import { dieBeforeEachWrite, ENVIRONMENT, type Trial } from './every-write.ts';

/** A buyer, the variant to order, and the idempotency key. */
interface Subject {
  buyer: ReturnType<typeof newCustomer>;
  /** The buyer's customer id. */
  who: string;
  variantId: string;
  key: string;
  orderId?: string;
}

interface Scenario {
  name: string;
  /** Prepares the order, undisturbed. */
  prepare?(subject: Subject): Promise<void>;
  act(subject: Subject): Promise<string>;
  ends: 'PROCESSING' | 'CANCELLED';
}

const folder = temporaryData();
let shop: ProcessShop;
const tried = new Set<string>();

beforeAll(async () => {
  shop = await openProcessShop({ data: folder.data, args: ['--empty'], env: ENVIRONMENT });
  await installCrashPoints(shop.kysely);
});

afterAll(async () => {
  await shop?.close();
  await folder.remove();
});

const order = async ({ buyer, variantId, key }: Subject, token: string): Promise<string> =>
  (await placed(shop, { lines: [{ variantId, quantity: 2 }], token, idempotencyKey: key }, buyer)).order.id;

const cancel = async ({ buyer, orderId, key }: Subject): Promise<string> => {
  const mutation = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { order { id } userErrors { code } } }`;
  return (await done(shop.ask(mutation, { input: { orderId, idempotencyKey: key } }, buyer))).cancelOrder.order.id;
};

const confirm = async ({ buyer, orderId, key }: Subject): Promise<string> => {
  const { payments } = (
    await done(shop.ask(`query ($id: ID) { order(id: $id) { payments { id } } }`, { id: orderId }, buyer))
  ).order;
  const mutation = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { userErrors { code } } }`;
  await done(shop.ask(mutation, { input: { paymentId: payments[0].id, idempotencyKey: key } }, buyer));
  return orderId!;
};

const waiting = async (subject: Subject): Promise<void> => {
  subject.orderId = await order(subject, 'tok_3ds');
  await untilAnswer(
    () => read(shop, subject.orderId!),
    (is) => is.paymentStatus === 'REQUIRES_ACTION',
    'the payment does not wait',
  );
  // The saga has come to its waiting as well, and writes nothing more of its own accord.
  const parked = shop.kysely.selectFrom('dbos.workflow_status').select('workflow_uuid').where('status', '=', 'DELAYED');
  await untilAnswer(
    () => parked.where('workflow_uuid', '=', `placeOrder:${subject.orderId}`).execute(),
    (rows) => rows.length > 0,
    'the saga does not wait',
  );
};

const scenarios: Scenario[] = [
  { name: 'an order that succeeds', act: (subject) => order(subject, 'tok_ok'), ends: 'PROCESSING' },
  { name: 'an order whose card is declined', act: (subject) => order(subject, 'tok_declined'), ends: 'CANCELLED' },
  { name: 'an order whose capture fails', act: (subject) => order(subject, 'tok_capture_fails'), ends: 'CANCELLED' },
  {
    name: 'the cancellation of a paid order',
    async prepare(subject) {
      subject.orderId = await order(subject, 'tok_ok');
      await settled(shop, subject.orderId, 'PROCESSING');
      await sagaEnds(shop, subject.orderId, 'COMPLETED');
    },
    act: cancel,
    ends: 'CANCELLED',
  },
  { name: 'an order whose payment its buyer confirms', prepare: waiting, act: confirm, ends: 'PROCESSING' },
];

test.each(scenarios)(
  'kill -9 before each write of $name: every effect happens exactly once',
  async ({ prepare, act, ends }) => {
    const trial: Trial<Subject> = {
      async prepare() {
        const buyer = newCustomer();
        const subject = {
          buyer,
          who: buyer.customerId!,
          variantId: await forSale(shop, { stock: 10 }),
          key: newId('key'),
        };
        await prepare?.(subject);
        return subject;
      },
      act,
      ended: (orderId) => settled(shop, orderId, ends),
      footprint: ({ who }) => footprint(shop.kysely, who),
    };
    const points = await dieBeforeEachWrite(shop, trial, tried);
    if (process.env.CHAOS_POINTS) process.stdout.write(`${points.join('\n')}\n${points.length} writes\n\n`);
    expect(await inventoryViolations(shop.kysely)).toEqual([]);
    expect(await paymentViolations(shop.kysely)).toEqual([]);
  },
);
