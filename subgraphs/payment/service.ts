/**
 * The use cases of a payment. A provider is never called inside a transaction, so each is: record the intent, call,
 * record the outcome; and each may be cut off anywhere and retried. Then the recorded intent says that the effect at
 * the provider is not known: the provider is asked first, by our reference, and only missing effects are requested.
 *
 * An order has one payment, and each of these happens once to it: the order and the operation are the idempotency key,
 * whatever key the caller sends along.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { idempotencyOf } from '../../platform/data/idempotency.ts';
import { refuse, Unavailable } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { newId } from '../../platform/ids.ts';
import { isSealed } from '../../platform/secrets/secrets.ts';
import { confirmablePayments } from './access.ts';
import { checkAuthorised, mayCapture, readAmount } from './domain.ts';
import { CancelledOrderSchema, type PaymentRow, PaymentSchema, type Tables } from './entities.ts';
import { findPayment, paymentOf } from './find-payment.ts';
import { News } from './news.ts';
import type { GuardedProvider } from './provider/guard.ts';
import type { ProviderPayment } from './provider/provider.ts';
import { lockOf, recorder } from './record.ts';
import type { AuthorisePaymentInput, ChargePaymentInput, ConfirmPaymentInput } from './resolvers.generated.ts';

/** A payment that the provider has not been asked for yet, with the intent to do so. */
const UNASKED = {
  status: 'CREATED',
  pending: 'AUTHORISE',
  authorisedAt: null,
  capturedMinor: 0n,
  refundedMinor: 0n,
  actionUrl: null,
  actionExpiresAt: null,
  failureCode: null,
  failure: null,
  version: 1,
} as const;

/** The parts that the use cases call. */
interface Parts {
  provider: GuardedProvider;
  /** Tells of webhooks that are faster than answers. @default no webhooks */
  news?: News;
}

export const paymentService = (agentContext: AgentContext<Tables>, { provider, news = new News() }: Parts) => {
  const { store, clock, secrets } = agentContext;
  const record = recorder(agentContext);

  /** Records the intent to ask the provider. `isNew`: it cannot have been asked before. */
  const intendToAuthorise = (
    input: AuthorisePaymentInput,
    { isCharge }: { isCharge: boolean },
    origin: RequestContext,
  ) => {
    const { orderId, customerId = null } = input;
    const { minor: amountMinor, currency } = readAmount(input.amount);
    if (amountMinor <= 0n) throw refuse('INVALID_INPUT', 'A payment is more than nothing.', ['input', 'amount']);
    return store.write({ locks: [lockOf(orderId)], origin }, async (work) => {
      const known = await findPayment(work.sql, { orderId });
      if (known) {
        const isSame =
          known.amountMinor === amountMinor && known.currency === currency && known.customerId === customerId;
        if (!isSame)
          throw refuse('IDEMPOTENCY_KEY_REUSED', 'This order has a payment of another amount or buyer.', [
            'input',
            'orderId',
          ]);
        return { payment: known, isNew: false };
      }
      if (await work.findIfAny(CancelledOrderSchema, orderId))
        throw refuse('PAYMENT_CANCELLED', 'The payment was cancelled.', ['input', 'orderId']);
      const now = clock.now();
      const payment: PaymentRow = {
        ...UNASKED,
        id: newId('payment'),
        orderId,
        customerId,
        amountMinor,
        currency,
        capturesAtOnce: isCharge,
        createdAt: now,
        updatedAt: now,
      };
      await work.insert(PaymentSchema, payment);
      return { payment, isNew: true };
    });
  };

  /** The payment token: sealed by a saga, or plain by one that an earlier release began. */
  const tokenOf = ({ token, orderId }: AuthorisePaymentInput): string =>
    isSealed(token) ? secrets.open(token, orderId) : token;

  /**
   * Records the provider's answer. If a webhook is faster, its evidence is recorded and the answer is not waited for.
   */
  const recordAnswer = async (
    { id, orderId }: PaymentRow,
    ask: (leave: AbortSignal) => Promise<ProviderPayment>,
    origin: RequestContext,
  ): Promise<PaymentRow> => {
    const leaving = new AbortController();
    const answer = ask(leaving.signal);
    try {
      for (;;) {
        const found = await news.orAnswer(id, answer);
        if (found) return await record(orderId, found, origin);
        const payment = await paymentOf(store.read, { id });
        if (payment.pending === null) return payment;
      }
    } finally {
      // An Unavailable never counts as a failure of the provider (provider/guard.ts).
      leaving.abort(new Unavailable('The outcome became known otherwise.'));
    }
  };

  /** Begins the payment of an order by a call to the provider, which happens once. The intent says which call. */
  const begin = async (
    input: AuthorisePaymentInput,
    how: { isCharge: boolean },
    context: RequestContext,
  ): Promise<PaymentRow> => {
    const intent = await intendToAuthorise(input, how, context);
    let { payment } = intent;
    if (payment.status === 'CREATED' && payment.pending === 'AUTHORISE') {
      const { id, amountMinor: minor, currency, orderId } = payment;
      const call = payment.capturesAtOnce ? provider.charge : provider.authorise;
      const earlier = intent.isNew ? undefined : await provider.find(id);
      payment = earlier
        ? await record(orderId, earlier, context)
        : await recordAnswer(
            payment,
            (leave) => call({ reference: id, token: tokenOf(input), minor, currency }, leave),
            context,
          );
    }
    checkAuthorised(payment);
    return payment;
  };

  return {
    /** @throws Refusal PAYMENT_DECLINED, PAYMENT_CANCELLED @throws Unavailable if the outcome is not known: ask again */
    authorise: (input: AuthorisePaymentInput, context: RequestContext): Promise<PaymentRow> =>
      begin(input, { isCharge: false }, context),

    /**
     * Takes the amount at once, in one call to the provider. A payment that is only authorised after that, since its buyer
     * had to act, is captured by `capture`.
     * @throws Refusal PAYMENT_DECLINED, PAYMENT_FAILED, PAYMENT_CANCELLED
     * @throws Unavailable if the outcome is not known: ask again
     */
    charge: (input: ChargePaymentInput, context: RequestContext): Promise<PaymentRow> =>
      begin(input, { isCharge: true }, context),

    /** Settles the action that the buyer was sent to, as the provider answers: it decides when the time is over. */
    async settleAction(orderId: string, context: RequestContext): Promise<string> {
      let payment = await findPayment(store.read, { orderId });
      if (!payment) throw refuse('NOT_FOUND', 'The order has no payment.', ['input', 'orderId']);
      if (payment.status === 'REQUIRES_ACTION' && payment.pending === null) {
        const found = await provider.find(payment.id);
        if (found) payment = await record(orderId, found, context);
      }
      checkAuthorised(payment);
      return payment.id;
    },

    /** The buyer is back from the bank. @throws Refusal NOT_FOUND, PAYMENT_DECLINED, PAYMENT_ACTION_EXPIRED */
    async confirm(input: ConfirmPaymentInput, context: RequestContext): Promise<string> {
      const { paymentId } = input;
      await store.idempotent({ ...idempotencyOf('confirmPayment', input, context), locks: [] }, async (work) => {
        const rows = confirmablePayments(context.actor);
        await work.find(PaymentSchema, paymentId, { rows, path: ['input', 'paymentId'] });
        return { paymentId };
      });
      let payment = await paymentOf(store.read, { id: paymentId });
      if (payment.status === 'REQUIRES_ACTION' && payment.pending === null) {
        payment = await record(payment.orderId, await provider.confirmAction(paymentId), context);
      }
      checkAuthorised(payment);
      return paymentId;
    },

    /** @throws Refusal PAYMENT_FAILED, INVALID_STATE @throws Unavailable if the outcome is not known: ask again */
    async capture(orderId: string, context: RequestContext): Promise<string> {
      const { payment, isNew, isDone } = await store.write(
        { locks: [lockOf(orderId)], origin: context },
        async (work) => {
          const payment = await findPayment(work.sql, { orderId });
          if (!payment) throw refuse('NOT_FOUND', 'The order has no payment.', ['input', 'orderId']);
          const isDone = !mayCapture(payment);
          const isNew = payment.pending !== 'CAPTURE';
          if (!isDone && isNew) await work.save(PaymentSchema, payment, { pending: 'CAPTURE' });
          return { payment, isNew, isDone };
        },
      );
      if (isDone) return payment.id;
      const earlier = isNew ? undefined : await provider.find(payment.id);
      const isDecided = earlier && (earlier.status !== 'AUTHORISED' || earlier.refusal);
      const recorded = isDecided
        ? await record(orderId, earlier, context)
        : await recordAnswer(payment, (leave) => provider.capture(payment.id, leave), context);
      if (mayCapture(recorded)) throw new Unavailable('The outcome of the capture is not known yet.');
      return payment.id;
    },
  };
};

export type PaymentService = ReturnType<typeof paymentService>;
