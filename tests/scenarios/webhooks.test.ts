/**
 * Webhooks of the payment provider, through the front door: which are accepted, and their effects in whatever order.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { systemClock } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import { silentLogger } from '../../platform/log.ts';
import { signWebhook } from '../../platform/webhooks/signature.ts';
import { paymentViolations } from '../../subgraphs/payment/invariants.ts';
import { Simulator } from '../../subgraphs/payment/provider/simulator.ts';
import { SimulatorWebhooks } from '../../subgraphs/payment/provider/simulator-webhooks.ts';
import { drawFrom } from '../chaos/draw.ts';
import { actor, operator, viewer } from '../support/agents.ts';
import { type Courier, openCourier } from '../support/courier.ts';
import { openPlatform, type SigningPlatform } from '../support/platform.ts';
import { done, forSale, newCustomer, placed, read, settled } from '../support/shop.ts';
import { untilAnswer } from '../support/until.ts';

const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));
const [young, old, strange] = [1, 2, 3].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`) as [
  string,
  string,
  string,
];
const DOOR = '/webhooks/payment/simulator';

let shop: SigningPlatform;
let courier: Courier;
let variantId: string;
const door = (path = DOOR): string => shop.url.replace('/graphql', path);

beforeAll(async () => {
  courier = await openCourier(drawFrom(SEED), () => door());
  const config = {
    PAYMENT_WEBHOOK_SECRETS: `${young},${old}`,
    SIMULATOR_WEBHOOK_URL: courier.url,
    // Longer than any test waits: a saga that goes on before was woken by a webhook.
    PAYMENT_TIMEOUT_MS: '60000',
  };
  shop = await openPlatform({ config });
  variantId = await forSale(shop, { stock: 1000 });
});
afterAll(async () => {
  await courier?.close();
  await shop?.close();
});

interface Delivery {
  id?: string;
  at?: Date;
  body?: string;
  secret?: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
}

/** Delivers like a provider. Returns the status, and the error's code if there is one. */
async function deliver({ id = newId('msg'), at = new Date(), body = '{}', secret = young, ...rest }: Delivery = {}) {
  const headers = { ...signWebhook([secret], { id, at, body }), ...rest.headers };
  const { method = 'POST', path } = rest;
  const response = await fetch(door(path), { method, headers, body: method === 'POST' ? body : undefined });
  const { error } = (await response.json()) as { error?: { code: string } };
  return error ? [response.status, error.code] : [response.status];
}

const told = (reference: string, data: object = {}) =>
  JSON.stringify({
    type: 'payment.authorized',
    timestamp: new Date(),
    data: { reference, status: 'AUTHORISED', captured: '0', currency: 'EUR', ...data },
  });

const inbox = async (webhookId?: string) => {
  const all = shop.kysely.selectFrom('payment.webhook_delivery').selectAll();
  return (webhookId ? all.where('webhook_id', '=', webhookId) : all).execute();
};

/** Payments that the provider does not know. */
const invented: string[] = [];

/** A payment whose authorisation was not reported yet. */
async function aPayment(id = newId('payment')): Promise<string> {
  invented.push(id);
  const now = new Date();
  const figures = { amount_minor: 1000, currency: 'EUR', created_at: now, updated_at: now };
  const row = { id, order_id: newId('order'), status: 'CREATED', pending: 'AUTHORISE', ...figures };
  await shop.kysely.insertInto('payment.payment').values(row).execute();
  return id;
}
const paymentOf = (id: string) =>
  shop.kysely.selectFrom('payment.payment').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const eventsOf = async (id: string) =>
  (
    await shop.kysely
      .selectFrom('platform.event_log')
      .select('type')
      .where('aggregate_id', '=', id)
      .orderBy('position')
      .execute()
  ).map(({ type }) => type);

describe('at the front door', () => {
  test('a delivery that is not genuine, not timely or of no known endpoint is refused, and nothing of it is kept', async () => {
    const before = (await inbox()).length;
    const seconds = (n: number): Date => new Date(Date.now() + n * 1000);
    const cases: [Delivery, number, string][] = [
      [{ secret: strange }, 401, 'WEBHOOK_SIGNATURE'],
      [{ headers: { 'webhook-id': 'msg_other' } }, 401, 'WEBHOOK_SIGNATURE'],
      [{ at: seconds(-400) }, 401, 'WEBHOOK_TIMESTAMP'],
      [{ at: seconds(400) }, 401, 'WEBHOOK_TIMESTAMP'],
      [{ headers: { 'webhook-signature': '' } }, 400, 'WEBHOOK_MALFORMED'],
      [{ headers: { 'webhook-timestamp': 'yesterday' } }, 400, 'WEBHOOK_MALFORMED'],
      [{ path: '/webhooks/payment/stripe' }, 404, 'NOT_FOUND'],
      [{ path: '/webhooks/order/simulator' }, 404, 'NOT_FOUND'],
      [{ path: '/webhooks/nobody/simulator' }, 404, 'NOT_FOUND'],
      [{ path: '/webhooks/payment' }, 404, 'NOT_FOUND'],
      [{ path: '/webhooks/payment/simulator/more' }, 404, 'NOT_FOUND'],
      [{ method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
      [{ body: 'x'.repeat(262_145) }, 413, 'WEBHOOK_TOO_LARGE'],
    ];
    for (const [delivery, status, code] of cases) expect(await deliver(delivery)).toEqual([status, code]);
    expect((await inbox()).length).toBe(before);
  });

  test('a body without a declared length is cut off where it is too large', async () => {
    const status = await new Promise<number | undefined>((resolve) => {
      const sending = request(door(), { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
        sending.destroy();
      });
      sending.on('error', () => resolve(undefined));
      // To the byte: bytes after the answer would meet a closed connection.
      for (let n = 0; n < 128; n++) sending.write(Buffer.alloc(8192, 32));
      sending.write(' ');
    });
    expect(status).toBe(413);
  });

  test('a delivery that is signed with the older secret is accepted, until that secret is removed', async () => {
    expect(await deliver({ secret: old, body: told(await aPayment()) })).toEqual([202]);
  });

  test('a repeated message, even at once and with other contents, is answered well and changes nothing', async () => {
    const [id, payment, other] = [newId('msg'), await aPayment(), await aPayment()];
    const answers = await Promise.all(Array.from({ length: 12 }, () => deliver({ id, body: told(payment) })));
    expect(answers.flat().sort()).toEqual([...Array(11).fill(200), 202]);
    expect(await deliver({ id, body: told(other) })).toEqual([200]);
    await untilAnswer(
      () => inbox(id),
      ([row]) => row?.status === 'HANDLED',
      'the delivery is not handled',
    );
    expect(await inbox(id)).toMatchObject([{ attempts: 1, body: null }]);
    expect(await eventsOf(payment)).toEqual(['payment.authorized']);
    expect(await paymentOf(other)).toMatchObject({ status: 'CREATED' });
  });
});

describe('an order', () => {
  test.each(['tok_timeout', 'tok_capture_timeout'])(
    'whose provider never answers (%s) goes on as soon as a webhook tells the outcome',
    async (token) => {
      const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, newCustomer());
      const { payments, saga } = await settled(shop, order.id, 'PROCESSING');
      expect(payments).toMatchObject([{ status: 'CAPTURED' }]);
      // At the first attempt, which waited for no timeout.
      const attempts = saga.steps.map((step: { name: string; attempts: number }) => [step.name, step.attempts]);
      expect(Object.fromEntries(attempts)).toMatchObject({ pay: 1 });
    },
  );

  test('whose buyer confirmed at the bank and never came back goes on as soon as the bank tells', async () => {
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token: 'tok_3ds' }, newCustomer());
    const payment = await untilAnswer(
      () => shop.kysely.selectFrom('payment.payment').selectAll().where('order_id', '=', order.id).executeTakeFirst(),
      (payment) => payment?.status === 'REQUIRES_ACTION',
      'no action is required',
    );
    const db = shop.kysely.withSchema('payment') as never;
    const options = { db, clock: systemClock, log: silentLogger };
    const webhooks = new SimulatorWebhooks({ ...options, url: () => courier.url, secrets: [young] });
    const bank = new Simulator({ db, clock: systemClock, actionSeconds: 60, slowMs: 1, webhooks });
    await bank.confirmAction(payment!.id);
    expect(await settled(shop, order.id, 'PROCESSING')).toMatchObject({ payments: [{ status: 'CAPTURED' }] });
  });

  test.each([
    ['AUTHORISED', 'PROCESSING', 'CAPTURED', ['PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED']],
    ['DECLINED', 'CANCELLED', 'FAILED', ['PAYMENT_REFUSED']],
    ['EXPIRED', 'CANCELLED', 'FAILED', ['PAYMENT_REFUSED']],
    ['VOIDED', 'CANCELLED', 'VOIDED', ['PAYMENT_VOIDED']],
  ])(
    'whose buyer was sent to the bank, which reports %s, ends as its payment does, and as approved only if it was',
    async (status, ends, paid, story) => {
      const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token: 'tok_3ds' }, newCustomer());
      await untilAnswer(
        () => read(shop, order.id),
        ({ paymentStatus }) => paymentStatus === 'REQUIRES_ACTION',
        'no action is required',
      );
      const payment = await shop.kysely
        .selectFrom('payment.payment')
        .select('id')
        .where('order_id', '=', order.id)
        .executeTakeFirstOrThrow();
      // The bank's own books, which the test must set to what it reports.
      if (status !== 'VOIDED')
        await shop.kysely
          .updateTable('payment.simulator_payment')
          .set({ status })
          .where('reference', '=', payment.id)
          .execute();
      invented.push(payment.id);
      expect(await deliver({ body: told(payment.id, { status }) })).toEqual([202]);
      const ended = await settled(shop, order.id, ends);
      expect(ended).toMatchObject({ paymentStatus: paid, payments: [{ status: paid }] });
      const timeline = ended.timeline.map(({ type }: { type: string }) => type);
      expect(timeline.filter((type: string) => type.startsWith('PAYMENT_'))).toEqual([
        'PAYMENT_ACTION_REQUIRED',
        ...story,
      ]);
    },
  );

  test(`ends as it should and is charged once, though webhooks come late, twice and in any order (seed ${SEED})`, async () => {
    const ends = { tok_ok: 'PROCESSING', tok_declined: 'CANCELLED', tok_capture_fails: 'CANCELLED' };
    const orders: { id: string; ends: string }[] = [];
    for (let n = 0; n < 4; n++)
      for (const [token, end] of Object.entries(ends)) {
        const { order } = await placed(shop, { lines: [{ variantId, quantity: 1 }], token }, newCustomer());
        orders.push({ id: order.id, ends: end });
      }
    for (const order of orders) await settled(shop, order.id, order.ends);
    await untilAnswer(
      () => shop.kysely.selectFrom('payment.simulator_webhook').select('id').execute(),
      (left) => left.length === 0,
      'webhooks are not sent',
    );
    await courier.settled();
    await untilAnswer(
      () => inbox(),
      (all) => all.every(({ status }) => status === 'HANDLED'),
      'webhooks are not handled',
    );
    expect(courier.counts).toMatchObject({ refused: 0, brought: courier.counts.taken });
    expect(courier.counts.repeated).toBeGreaterThan(0);
    const { rows } = await sql`select aggregate_id, type from platform.event_log
      where type like 'payment.%' group by 1, 2 having count(*) > 1`.execute(shop.kysely);
    expect(rows).toEqual([]);
    const violations = await paymentViolations(shop.kysely);
    expect(violations.filter((violation) => !invented.some((id) => violation.includes(id)))).toEqual([]);
  });
});

describe('a webhook that cannot be handled', () => {
  const LIST = `query ($filter: WebhookDeliveryFilter) { paymentWebhooks(filter: $filter) {
    nodes { id webhookId endpoint status attempts error receivedAt nextAttemptAt handledAt } totalCount } }`;
  const REDRIVE = `mutation ($id: ID!) { redrivePaymentWebhook(input: { id: $id }) {
    delivery { id status } userErrors { code } } }`;
  const failing = async () =>
    (await done(shop.ask(LIST, { filter: { endpoint: 'simulator', status: 'FAILED' } }, viewer))).paymentWebhooks;

  test('is shown to staff, and goes on once an operator has mended the cause', async () => {
    const [webhookId, reference] = [newId('msg'), newId('payment')];
    expect(await deliver({ id: webhookId, body: told(reference) })).toEqual([202]);
    await untilAnswer(
      () => inbox(webhookId),
      ([row]) => row?.attempts === 1,
      'it was not tried',
    );
    // As after its last attempt, a minute from now (platform/webhooks/webhooks.test.ts).
    const mine = shop.kysely.updateTable('payment.webhook_delivery').where('webhook_id', '=', webhookId);
    await mine.set({ status: 'FAILED' }).execute();
    const [row, ...others] = (await failing()).nodes;
    expect(others).toEqual([]);
    expect(row).toMatchObject({ webhookId, error: expect.stringContaining(reference), nextAttemptAt: null });

    await aPayment(reference);
    const refused = await shop.ask(REDRIVE, { id: row.id }, viewer);
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    await done(shop.ask(REDRIVE, { id: row.id }, operator));
    await untilAnswer(
      () => paymentOf(reference),
      ({ status }) => status === 'AUTHORIZED',
      'it is not handled',
    );
    expect((await failing()).totalCount).toBe(0);
    const again = await shop.ask(REDRIVE, { id: row.id }, operator);
    expect(again.data.redrivePaymentWebhook.userErrors).toMatchObject([{ code: 'INVALID_STATE' }]);
  });

  test('is not shown to customers, and the field that receives webhooks to no client', async () => {
    const customer = actor({ roles: ['CUSTOMER'], customerId: newId('customer') });
    const { errors } = await shop.ask(LIST, {}, customer);
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const receive = `mutation { receivePaymentWebhook(input: { endpoint: "simulator", body: "" }) { outcome } }`;
    expect((await shop.ask(receive, {}, operator)).errors).toMatchObject([
      { message: expect.stringContaining('receivePaymentWebhook') },
    ]);
  });
});

describe('a webhook that contradicts its payment', () => {
  const CASES: [string, string, string | null][] = [
    ['CAPTURED', '0', 'EUR'],
    ['CAPTURED', '1', null],
    ['CAPTURED', '5000', 'EUR'],
    ['CAPTURED', '10000', 'USD'],
    ['CAPTURED', '10000', null],
    ['CAPTURED', '999999999', null],
    ['AUTHORISED', '10000', 'EUR'],
    ['DECLINED', '10000', 'EUR'],
    ['EXPIRED', '1', 'EUR'],
    ['VOIDED', '10000', 'EUR'],
    ['VOIDED', '0', null],
    ['AUTHORISED', '0', null],
  ];
  /** A payment of 100.00 EUR that waits for its buyer. */
  const waiting = async (more: object = {}): Promise<string> => {
    const id = await aPayment();
    const action = { action_url: 'https://bank.example', action_expires_at: new Date('2099-01-01') };
    const set = { amount_minor: 10_000, status: 'REQUIRES_ACTION', pending: null, ...action, ...more };
    await shop.kysely.updateTable('payment.payment').set(set).where('id', '=', id).execute();
    return id;
  };
  const refusedBy = (webhookId: string) =>
    untilAnswer(
      () => inbox(webhookId),
      ([row]) => row?.attempts > 0,
      'it was not tried',
    );

  test('is accepted, retried and reported, and changes nothing: neither the payment nor the log', async () => {
    const sent = await Promise.all(
      CASES.map(async ([status, captured, currency]) => {
        const [reference, id] = [await waiting(), newId('msg')];
        expect(await deliver({ id, body: told(reference, { status, captured, currency }) })).toEqual([202]);
        return { reference, id };
      }),
    );
    for (const { reference, id } of sent) {
      expect(await refusedBy(id)).toMatchObject([
        { status: 'WAITING', error: expect.stringMatching(/^EVIDENCE_CONTRADICTS: /) },
      ]);
      expect(await paymentOf(reference)).toMatchObject({ status: 'REQUIRES_ACTION', captured_minor: 0n });
      expect(await eventsOf(reference)).toEqual([]);
    }
  });

  test('is so too if the payment has ended otherwise before, and a repetition of what is known is not', async () => {
    const taken = { captured: '10000' };
    const ended: [object, object, boolean][] = [
      [{ status: 'VOIDED', authorised_at: new Date() }, { status: 'CAPTURED', ...taken }, false],
      [{ status: 'FAILED', failure_code: 'PAYMENT_DECLINED' }, { status: 'CAPTURED', ...taken }, false],
      [{ status: 'FAILED', failure_code: 'PAYMENT_DECLINED' }, { status: 'AUTHORISED' }, false],
      [{ status: 'CAPTURED', captured_minor: 10_000 }, { status: 'DECLINED' }, false],
      [{ status: 'CAPTURED', captured_minor: 10_000 }, { status: 'VOIDED' }, false],
      [
        { status: 'CAPTURED', captured_minor: 10_000 },
        { status: 'CAPTURED', ...taken, refund: { reference: 'refund_1', minor: '1' } },
        false,
      ],
      [{ status: 'REFUNDED', captured_minor: 10_000, refunded_minor: 10_000 }, { status: 'CAPTURED', ...taken }, true],
      [{ status: 'CAPTURED', captured_minor: 10_000 }, { status: 'AUTHORISED' }, true],
      [{ status: 'VOIDED', authorised_at: new Date() }, { status: 'AUTHORISED' }, true],
    ];
    for (const [state, message, isFine] of ended) {
      const [reference, id] = [await waiting(state), newId('msg')];
      const before = await paymentOf(reference);
      await deliver({ id, body: told(reference, message) });
      const row = (await refusedBy(id))[0]!;
      expect([state, message, row.status]).toEqual([state, message, isFine ? 'HANDLED' : 'WAITING']);
      if (!isFine) expect(row.error).toMatch(/^EVIDENCE_CONTRADICTS: /);
      expect(await paymentOf(reference)).toEqual(before);
      expect(await eventsOf(reference)).toEqual([]);
    }
  });
});
