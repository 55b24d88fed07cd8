/** A refund that needs approval, as staff ask for it and decide it through the gateway. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '../../platform/ids.ts';
import { actor, admin, operator, viewer } from '../support/actors.ts';
import { openPlatform, type TestPlatform } from '../support/platform.ts';
import { done, forSale, newCustomer, placed, settled } from '../support/shop.ts';

let shop: TestPlatform;
beforeAll(async () => {
  const PAYMENT_REFUND_APPROVAL = '[{"when": "amountMinor > 100", "approvers": "ADMIN"}]';
  shop = await openPlatform({ config: { PAYMENT_REFUND_APPROVAL } });
});
afterAll(() => shop?.close());

const PAYMENT = `query ($order: ID!) { order(id: $order) { payments { id status } } }`;
const REFUND = `mutation ($input: RefundPaymentInput!) {
  refundPayment(input: $input) { payment { status } approval { id status } userErrors { code message } }
}`;
const APPROVE = `mutation ($input: ApproveCommandInput!) {
  approvePaymentCommand(input: $input) { approval { status outcomeId } userErrors { code message path } }
}`;
const WAITING = `query ($payment: ID!) {
  paymentApprovals(filter: { status: PENDING, subjectId: $payment }) {
    nodes {
      id command input requestedBy expiresAt
      tiers { tier condition explanation { text depth value } approvers quorum votes { voter choice } }
    }
  }
}`;

/** The data of an answer that has user errors. */
const told = async (answer: ReturnType<TestPlatform['ask']>) => {
  const { data, errors } = await answer;
  expect(errors).toBeUndefined();
  return data!;
};

test('an operator asks for a refund, sees who must approve it and why, and an administrator has it made', async () => {
  const variantId = await forSale(shop);
  const customer = newCustomer();
  const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, customer);
  await settled(shop, order.id, 'PROCESSING');
  const payments = async () => (await done(shop.ask(PAYMENT, { order: order.id }, operator))).order.payments;
  const [{ id: paymentId }] = await payments();

  const input = { paymentId, reason: 'Broken', idempotencyKey: newId('key') };
  const { refundPayment: asked } = await told(shop.ask(REFUND, { input }, operator));
  expect(asked).toMatchObject({
    payment: { status: 'CAPTURED' },
    approval: { status: 'PENDING' },
    userErrors: [{ code: 'APPROVAL_REQUIRED' }],
  });

  const [waiting] = (await done(shop.ask(WAITING, { payment: paymentId }, viewer))).paymentApprovals.nodes;
  expect(waiting).toMatchObject({
    id: asked.approval.id,
    command: 'refundPayment',
    input: { paymentId, orderId: order.id, reason: 'Broken' },
    requestedBy: operator.id,
    tiers: [
      { tier: 1, explanation: [{ text: 'amountMinor > 100', depth: 0, value: 'true' }, { depth: 1 }], votes: [] },
    ],
  });

  const approve = (by = admin) =>
    shop.ask(APPROVE, { input: { approvalId: waiting.id, idempotencyKey: newId('key') } }, by);
  const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_test' });
  for (const other of [customer, merchant, viewer]) {
    const { errors } = await approve(other);
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  }
  for (const other of [customer, merchant]) {
    const { data, errors } = await shop.ask(WAITING, { payment: paymentId }, other);
    expect(data?.paymentApprovals ?? null).toBeNull();
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  }
  expect((await told(approve(operator))).approvePaymentCommand).toMatchObject({
    approval: null,
    userErrors: [{ code: 'OWN_REQUEST' }],
  });
  expect(await payments()).toMatchObject([{ status: 'CAPTURED' }]);

  expect((await done(approve())).approvePaymentCommand).toMatchObject({
    approval: { status: 'EXECUTED', outcomeId: expect.stringMatching(/^refund_/) },
    userErrors: [],
  });
  expect(await payments()).toMatchObject([{ status: 'REFUNDED' }]);
  expect((await done(shop.ask(REFUND, { input }, operator))).refundPayment).toMatchObject({
    payment: { status: 'REFUNDED' },
    approval: { id: waiting.id, status: 'EXECUTED' },
    userErrors: [],
  });
});
