/**
 * `kill -9` between any two steps, and inside each: an undisturbed order shows every write that it leads to, and then,
 * for each of those writes, another order's process dies right before it. Started again, each must end up with the
 * footprint of the undisturbed one: every effect, and exactly once.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { temporaryData } from '../support/agora-process.ts';
import { forgetTrace, installCrashPoints, killAt, pointsOf } from '../support/crash-points.ts';
import { footprint } from '../support/footprint.ts';
import { inventoryViolations } from '../support/inventory-violations.ts';
import { openProcessShop, type ProcessShop } from '../support/process-shop.ts';
import { done, forSale, newCustomer, placed, read, sagaEnds, settled, until } from '../support/shop.ts';

/** Who orders what, with which key. */
interface Subject {
  buyer: ReturnType<typeof newCustomer>;
  customerId: string;
  variantId: string;
  key: string;
  orderId?: string;
}

interface Scenario {
  name: string;
  /** What happens before, undisturbed. */
  prepare?(subject: Subject): Promise<void>;
  /** What is disturbed. A client that got no answer calls it again, with the same key. The order's id. */
  act(subject: Subject): Promise<string>;
  ends: 'PROCESSING' | 'CANCELLED';
}

/** The process's own pool, of which each order that is held takes a connection. */
const ENVIRONMENT = { DATABASE_POOL: '60' };
const HELD_AT_ONCE = 20;
/** DBOS has eight connections, and needs some to go on. */
const ENGINE_AT_ONCE = 4;

const folder = temporaryData();
let shop: ProcessShop;
/** Points that hold everybody else up as well, and are tried once for all scenarios. */
const tried = new Set<string>();

beforeAll(async () => {
  shop = await openProcessShop({ data: folder.data, args: ['--empty'], env: ENVIRONMENT });
  await installCrashPoints(shop.kysely);
}, 60_000);

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
  await until(
    () => read(shop, subject.orderId!),
    (is) => is.paymentStatus === 'REQUIRES_ACTION',
    'the payment does not wait',
  );
  // The saga too has come to its waiting, and writes nothing more of its own accord.
  const sleeps = shop.kysely.selectFrom('dbos.operation_outputs').select('function_id');
  await until(
    () =>
      sleeps
        .where('workflow_uuid', '=', `placeOrder:${subject.orderId}`)
        .where('function_name', '=', 'DBOS.sleep')
        .execute(),
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
  async (scenario) => {
    const [undisturbed] = await newSubjects(1, scenario);
    await forgetTrace(shop.kysely);
    await settled(shop, await scenario.act(undisturbed!), scenario.ends);
    const expected = await footprintAtRest(undisturbed!);
    const points = await pointsOf(shop.kysely, undisturbed!.customerId);
    expect(points.filter((point) => point.startsWith('insert dbos.operation_outputs')).length).toBeGreaterThan(2);

    for (const round of roundsOf(points)) {
      const subjects = await newSubjects(round.length, scenario);
      const answers: Promise<string | undefined>[] = [];
      let isAlive = true;
      /** A request that is held runs into a timeout, and is sent again until the process dies. */
      const patiently = async (act: () => Promise<string>): Promise<string | undefined> => {
        while (isAlive) {
          const answer = await act().catch(() => undefined);
          if (answer) return answer;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return undefined;
      };
      await killAt(
        shop.kysely,
        subjects.map(({ customerId }, n) => ({ customerId, point: round[n]! })),
        {
          act: () => void answers.push(...subjects.map((subject) => patiently(() => scenario.act(subject)))),
          kill: () => {
            isAlive = false;
            return shop.kill();
          },
        },
      );
      await shop.restart();
      for (const [n, subject] of subjects.entries()) {
        const orderId = await scenario.act(subject);
        expect([orderId, undefined]).toContain(await answers[n]);
        await settled(shop, orderId, scenario.ends);
      }
      for (const [n, subject] of subjects.entries()) {
        expect({ killed: round[n], ...(await footprintLike(expected, subject)) }).toEqual({
          killed: round[n],
          ...expected,
        });
      }
    }
    expect(await inventoryViolations(shop.kysely)).toEqual([]);
    expect(await paymentViolations(shop.kysely)).toEqual([]);
  },
  240_000,
);

const newSubjects = (count: number, scenario: Scenario): Promise<Subject[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const buyer = newCustomer();
      const subject = {
        buyer,
        customerId: buyer.customerId!,
        variantId: await forSale(shop, { stock: 10 }),
        key: newId('key'),
      };
      await scenario.prepare?.(subject);
      return subject;
    }),
  );

/** Points that many orders can be held at together, and each of the others alone. */
function roundsOf(points: readonly string[]): string[][] {
  const alone = points.filter((point) => /notification|workflow_status .* PENDING/.test(point));
  const engine = points.filter((point) => /dbos\./.test(point) && !alone.includes(point));
  const rest = points.filter((point) => !alone.includes(point) && !engine.includes(point));
  const rounds: string[][] = [];
  while (engine.length || rest.length)
    rounds.push([...engine.splice(0, ENGINE_AT_ONCE), ...rest.splice(0, HELD_AT_ONCE - ENGINE_AT_ONCE)]);
  const untried = alone.filter((point) => !tried.has(point));
  for (const point of untried) tried.add(point);
  return [...rounds, ...untried.map((point) => [point])];
}

/** Once nothing changes any more. */
async function footprintAtRest({ customerId }: Subject): Promise<Record<string, unknown>> {
  let last = '';
  return until(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return footprint(shop.kysely, customerId);
    },
    (now) => last === (last = JSON.stringify(now)),
    'it never rests',
  );
}

/** The footprint as soon as it is as expected, or as it is after a while. */
async function footprintLike(expected: object, { customerId }: Subject): Promise<Record<string, unknown>> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const now = await footprint(shop.kysely, customerId);
    if (JSON.stringify(now) === JSON.stringify(expected) || Date.now() > deadline) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
