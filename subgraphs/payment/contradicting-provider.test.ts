/** A provider with impossible answers, at each of our calls: nothing of them is recorded, and each is a fault. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { FixedClock } from '../../platform/clock.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { createStore, type Store } from '../../platform/store/store.ts';
import { LogNotifier } from '../../platform/events/log-notifier.ts';
import { newId } from '../../platform/ids.ts';
import { Breakers } from '../../platform/resilience/breakers.ts';
import { openAgents, operator, service, type TestAgents } from '../../tests/support/agents.ts';
import { cancelService } from './cancel.ts';
import type { PaymentVariables } from './config.ts';
import { PaymentSchema, type Tables } from './entities.ts';
import { guard } from './provider/guard.ts';
import type { PaymentProvider, ProviderPayment } from './provider/provider.ts';
import { refundService } from './refund.ts';
import { paymentService } from './service.ts';

let agents: TestAgents;
let store: Store<Tables>;
beforeAll(async () => {
  agents = await openAgents(['payment']);
  store = createStore<Tables>({ agent: 'payment', kysely: agents.kysely, notifier: new LogNotifier() });
});
afterAll(() => agents.close());

const clock = new FixedClock();
const context = { actor: service, correlationId: 'req_lies' };
const EUR = { currency: 'EUR' } as const;
const AUTHORISED: ProviderPayment = { status: 'AUTHORISED', captured: 0n, ...EUR };
const CAPTURED: ProviderPayment = { status: 'CAPTURED', captured: 10_000n, ...EUR };
const VOIDED: ProviderPayment = { status: 'VOIDED', captured: 0n, ...EUR };
const REQUIRES_ACTION: ProviderPayment = {
  status: 'REQUIRES_ACTION',
  captured: 0n,
  ...EUR,
  action: { url: 'https://bank.example', expiresAt: new Date(clock.now().getTime() + 600_000) },
};

/** A payment of 100.00 EUR whose provider answers what the test says. */
function aPayment() {
  const answers: Partial<Record<keyof PaymentProvider, ProviderPayment>> = {};
  const asked: string[] = [];
  const port = new Proxy({} as PaymentProvider, {
    get: (_, call: keyof PaymentProvider) => async () => {
      asked.push(call);
      return answers[call];
    },
  });
  const provider = guard(port, { timeoutMs: 1000, guards: new Breakers().of('payment') });
  const config = { PAYMENT_TIME_ZONE: 'UTC' };
  const agentContext = { store, clock, config } as unknown as AgentContext<Tables, PaymentVariables>;
  const refunds = refundService(agentContext, provider);
  const service = paymentService(agentContext, { provider });
  const orderId = newId('order');
  const money = { amount: '100.00', currency: 'EUR' };
  const input = { orderId, customerId: null, token: 'tok_ok', amount: money, idempotencyKey: 'k' };
  const row = () =>
    agents.kysely
      .selectFrom('payment.payment')
      .select(columnsOf(PaymentSchema))
      .where('orderId', '=', orderId)
      .executeTakeFirstOrThrow();
  return {
    answers,
    asked,
    refunds,
    row,
    authorise: () => service.authorise(input, context),
    charge: () => service.charge(input, context),
    settle: () => service.settleAction(orderId, context),
    capture: () => service.capture(orderId, context),
    cancel: () => cancelService(agentContext, { provider, refunds })(orderId, 'r', context),
    refund: async () =>
      refunds.refund(
        { paymentId: (await row()).id, reason: 'r', idempotencyKey: newId('key') },
        {
          ...context,
          actor: operator,
        },
      ),
  };
}

const CONTRADICTS = { code: 'EVIDENCE_CONTRADICTS' };

test.each<[string, ProviderPayment]>([
  ['captured of nothing', { ...CAPTURED, captured: 0n }],
  ['captured of a part', { ...CAPTURED, captured: 1n }],
  ['captured of more', { ...CAPTURED, captured: 999_999_999n }],
  ['captured in another currency', { ...CAPTURED, currency: 'USD' }],
  ['authorised with the money taken', { ...AUTHORISED, captured: 10_000n }],
  ['authorised in no currency', { ...AUTHORISED, currency: null }],
  ['declined with the money taken', { status: 'DECLINED', captured: 10_000n, ...EUR }],
])('an authorisation that is answered as %s is not believed, neither at first nor at the retry', async (_, lie) => {
  const payment = aPayment();
  payment.answers.authorise = lie;
  payment.answers.find = lie;
  await expect(payment.authorise()).rejects.toMatchObject(CONTRADICTS);
  await expect(payment.authorise()).rejects.toMatchObject(CONTRADICTS);
  expect(payment.asked).toEqual(['authorise', 'find']);
  await expect(payment.cancel()).rejects.toMatchObject(CONTRADICTS);
  expect(await payment.row()).toMatchObject({ status: 'CREATED', capturedMinor: 0n });
});

test.each<[string, ProviderPayment]>([
  ['captured of a part', { ...CAPTURED, captured: 1n }],
  ['captured in another currency', { ...CAPTURED, currency: 'USD' }],
  ['captured and refused', { ...CAPTURED, refusal: 'no' }],
  ['authorised with the money taken', { ...AUTHORISED, captured: 10_000n }],
  ['an action of the buyer, and not of which', { ...REQUIRES_ACTION, action: undefined }],
])('a charge that is answered as %s is not believed, and is asked for instead of made again', async (_, lie) => {
  const payment = aPayment();
  payment.answers.charge = lie;
  payment.answers.find = lie;
  await expect(payment.charge()).rejects.toMatchObject(CONTRADICTS);
  await expect(payment.charge()).rejects.toMatchObject(CONTRADICTS);
  expect(await payment.row()).toMatchObject({ status: 'CREATED', capturedMinor: 0n });
  payment.answers.find = CAPTURED;
  await payment.charge();
  expect(payment.asked).toEqual(['charge', 'find', 'find']);
  expect(await payment.row()).toMatchObject({ status: 'CAPTURED', capturedMinor: 10_000n, pending: null });
});

test('the refusal of a capture is believed of a charge, also if it is cancelled meanwhile, and of no authorisation', async () => {
  const refused = { ...AUTHORISED, refusal: 'The issuer refused.' };
  const authorised = aPayment();
  authorised.answers.authorise = refused;
  await expect(authorised.authorise()).rejects.toMatchObject(CONTRADICTS);
  expect(await authorised.row()).toMatchObject({ status: 'CREATED', failureCode: null });
  const charged = aPayment();
  charged.answers.charge = refused;
  await expect(charged.charge()).rejects.toMatchObject({ userErrors: [{ code: 'PAYMENT_FAILED' }] });
  const cancelled = aPayment();
  // Nothing is known of the charge before its cancellation.
  cancelled.answers.charge = { ...CAPTURED, captured: 1n };
  await expect(cancelled.charge()).rejects.toMatchObject(CONTRADICTS);
  for (const payment of [charged, cancelled]) {
    payment.answers.find = refused;
    payment.answers.void = VOIDED;
    expect(await payment.cancel()).toMatchObject({ outcome: 'VOIDED' });
    expect(await payment.row()).toMatchObject({ status: 'VOIDED', capturedMinor: 0n, pending: null });
  }
});

test.each<[string, ProviderPayment]>([
  ['a part', { ...CAPTURED, captured: 5_000n }],
  ['nothing', { ...CAPTURED, captured: 0n }],
  ['dollars', { ...CAPTURED, currency: 'USD' }],
  ['a payment that was declined', { status: 'DECLINED', captured: 0n, ...EUR }],
])('a capture that is answered with %s is not believed, and goes on after a possible answer', async (_, lie) => {
  const payment = aPayment();
  payment.answers.authorise = AUTHORISED;
  await payment.authorise();
  payment.answers.capture = lie;
  payment.answers.find = lie;
  await expect(payment.capture()).rejects.toMatchObject(CONTRADICTS);
  await expect(payment.capture()).rejects.toMatchObject(CONTRADICTS);
  expect(await payment.row()).toMatchObject({ status: 'AUTHORIZED', capturedMinor: 0n, pending: 'CAPTURE' });
  payment.answers.find = CAPTURED;
  await payment.capture();
  expect(await payment.row()).toMatchObject({ status: 'CAPTURED', capturedMinor: 10_000n, pending: null });
});

test('a void with an impossible answer is not believed, and the payment is not over', async () => {
  const payment = aPayment();
  payment.answers.authorise = AUTHORISED;
  await payment.authorise();
  payment.answers.find = AUTHORISED;
  for (const lie of [
    { ...VOIDED, captured: 1n },
    { ...VOIDED, currency: null },
    { ...CAPTURED, captured: 1n },
  ]) {
    payment.answers.void = lie;
    await expect(payment.cancel()).rejects.toMatchObject(CONTRADICTS);
    expect(await payment.row()).toMatchObject({ status: 'AUTHORIZED', capturedMinor: 0n, pending: 'CANCEL' });
  }
  payment.answers.void = VOIDED;
  expect(await payment.cancel()).toMatchObject({ outcome: 'VOIDED' });
});

test('an impossible answer about an action of the buyer is not believed', async () => {
  const payment = aPayment();
  payment.answers.authorise = REQUIRES_ACTION;
  await payment.authorise();
  payment.answers.find = { ...CAPTURED, captured: 1n };
  await expect(payment.settle()).rejects.toMatchObject(CONTRADICTS);
  expect(await payment.row()).toMatchObject({ status: 'REQUIRES_ACTION', capturedMinor: 0n });
});

test.each<[string, Partial<ProviderPayment>]>([
  ['none', { action: undefined }],
  ['one at an address that is a script', { action: { ...REQUIRES_ACTION.action!, url: 'javascript:alert(1)' } }],
  ['one that ends in the year 9999', { action: { ...REQUIRES_ACTION.action!, expiresAt: new Date('9999-12-31') } }],
  ['one that ended in 1970', { action: { ...REQUIRES_ACTION.action!, expiresAt: new Date(0) } }],
])('an action of the buyer that is %s is not recorded, and the payment goes on by a right answer', async (_, lie) => {
  const payment = aPayment();
  payment.answers.authorise = { ...REQUIRES_ACTION, ...lie };
  await expect(payment.authorise()).rejects.toMatchObject(CONTRADICTS);
  expect(await payment.row()).toMatchObject({ status: 'CREATED', actionUrl: null, actionExpiresAt: null });
  payment.answers.authorise = AUTHORISED;
  await payment.authorise();
  expect(await payment.row()).toMatchObject({ status: 'AUTHORIZED' });
});

test('a refund with an impossible answer is not recorded, and is asked for again', async () => {
  const payment = aPayment();
  payment.answers.authorise = AUTHORISED;
  await payment.authorise();
  payment.answers.capture = CAPTURED;
  await payment.capture();
  const { id: paymentId } = await payment.row();
  const refunds = () =>
    agents.kysely.selectFrom('payment.refund').select('status').where('paymentId', '=', paymentId).execute();
  for (const lie of [AUTHORISED, VOIDED, { ...CAPTURED, captured: 4n }, { ...CAPTURED, currency: 'USD' }]) {
    payment.answers.refund = lie;
    if ((await refunds()).length === 0) await expect(payment.refund()).rejects.toMatchObject(CONTRADICTS);
    clock.advance(61_000);
    await expect(payment.refunds.finishAbandoned(new AbortController().signal)).rejects.toMatchObject(CONTRADICTS);
    expect(await payment.row()).toMatchObject({ status: 'CAPTURED', refundedMinor: 0n });
    expect(await refunds()).toEqual([{ status: 'PENDING' }]);
  }
  payment.answers.refund = CAPTURED;
  await payment.refunds.finishAbandoned(new AbortController().signal);
  expect(await payment.row()).toMatchObject({ status: 'REFUNDED', refundedMinor: 10_000n });
  expect(await refunds()).toEqual([{ status: 'DONE' }]);
});
