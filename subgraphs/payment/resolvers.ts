import type { Approvals } from '../../platform/approvals/approvals.ts';
import type { Clock } from '../../platform/clock.ts';
import { matches } from '../../platform/data/row-filter.ts';
import { checkSize } from '../../platform/graphql/arguments.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { payload } from '../../platform/graphql/payload.ts';
import { money } from '../../platform/money.ts';
import type { Webhooks } from '../../platform/webhooks/webhooks.ts';
import { actionablePayments } from './access.ts';
import { approvalErrors } from '../../platform/approvals/approval-errors.ts';
import type { CancelPayment } from './cancel.ts';
import type { PaymentRow } from './entities.ts';
import type { PaymentLoaders } from './loaders.ts';
import type { PaymentQueries } from './queries.ts';
import type { RefundService } from './refund.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { PaymentService } from './service.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: PaymentQueries;
  load: PaymentLoaders;
  service: PaymentService;
  cancel: CancelPayment;
  refunds: RefundService;
  approvals: Approvals;
  webhooks: Webhooks;
  clock: Clock;
}

export const paymentResolvers = (parts: Parts): Resolvers => {
  const { queries, load, service, cancel, refunds, approvals, webhooks, clock } = parts;
  /** The payment after the use case, read without the cache that an earlier mutation of the request may have filled. */
  const changed = (context: RequestContext, useCase: () => Promise<string>) =>
    payload(async () => {
      const id = await useCase();
      return { payment: await load.payment(context).load(id) };
    });
  const isWaiting = ({ status, actionExpiresAt }: PaymentRow): boolean =>
    status === 'REQUIRES_ACTION' && actionExpiresAt !== null;

  return {
    Query: {
      payment: (_, { id }, context) => load.payment(context).load(id),
      paymentsOfOrders: (_, { orderIds }) => {
        checkSize(orderIds, 1000, 'orderIds');
        return queries.ofOrders(orderIds);
      },
      refunds: (_, { filter, ...page }) => queries.refunds(filter ?? {}, page),
      paymentWebhooks: (_, { filter, ...page }) => webhooks.page(filter ?? {}, page),
    },

    Mutation: {
      // These two answer with what they have just recorded, since every order has one of them.
      authorisePayment: (_, { input }, context) =>
        payload(async () => ({ payment: await service.authorise(input, context) })),
      chargePayment: (_, { input }, context) =>
        payload(async () => ({ payment: await service.charge(input, context) })),
      settlePaymentAction: (_, { input }, context) =>
        changed(context, () => service.settleAction(input.orderId, context)),
      capturePayment: (_, { input }, context) => changed(context, () => service.capture(input.orderId, context)),
      confirmPayment: (_, { input }, context) => changed(context, () => service.confirm(input, context)),
      refundPayment: (_, { input }, context) =>
        payload(async () => {
          const { id, approvalId } = await refunds.refund(input, context);
          const payment = await load.payment(context).load(id);
          if (approvalId === undefined) return { payment };
          const approval = (await approvals.load(context).load(approvalId))!;
          return { payment, approval, userErrors: approvalErrors(approval, clock.now()) };
        }),
      receivePaymentWebhook: async (_, { input }) => ({ outcome: await webhooks.receive(input), userErrors: [] }),
      redrivePaymentWebhook: (_, { input: { id } }) =>
        payload(async () => {
          await webhooks.redrive(id);
          return { delivery: await webhooks.byId(id) };
        }),
      cancelPayment: (_, { input }, context) =>
        payload(async () => {
          const { paymentId, outcome } = await cancel(input.orderId, input.reason, context);
          return { outcome, payment: paymentId ? await load.payment(context).load(paymentId) : null };
        }),
    },

    Payment: {
      __resolveReference: ({ id }, context) => load.payment(context).load(id),
      amount: (payment) => money(payment.amountMinor, payment.currency),
      capturedAmount: (payment) => money(payment.capturedMinor, payment.currency),
      refundedAmount: (payment) => money(payment.refundedMinor, payment.currency),
      refunds: (payment, _, context) => load.refundsOf(context).load(payment.id),
      order: (payment) => ({ __typename: 'Order', id: payment.orderId }),
      nextAction: (payment, _, { actor }) =>
        isWaiting(payment) && matches(payment, actionablePayments(actor))
          ? { type: 'REDIRECT', url: payment.actionUrl!, expiresAt: payment.actionExpiresAt! }
          : null,
      actionExpiresInSeconds: (payment) =>
        isWaiting(payment)
          ? Math.max(0, Math.ceil((payment.actionExpiresAt!.getTime() - clock.now().getTime()) / 1000))
          : null,
    },

    Refund: {
      amount: async ({ amountMinor, paymentId }, _, context) => {
        const { currency } = (await load.payment(context).load(paymentId))!;
        return money(amountMinor, currency);
      },
      payment: ({ paymentId }, _, context) => load.payment(context).load(paymentId),
    },

    WebhookDelivery: {
      nextAttemptAt: (row) => (row.status === 'WAITING' ? row.nextAt : null),
    },

    Order: {
      __resolveReference: ({ id }) => ({ id }),
      payments: (order, _, context) => load.paymentsOf(context).load(order.id),
    },
  };
};
