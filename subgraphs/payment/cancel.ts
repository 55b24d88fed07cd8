/**
 * Cancelling a payment, whatever its state: nothing stays held, and a captured amount is refunded.
 *
 * A capture may be on its way while this begins. A void and a capture never both succeed, because:
 * 1. The intent CANCEL is recorded first. From then on no capture begins (`mayCapture`), and no authorisation either.
 * 2. A capture that was intended before may reach the provider at any time, before our void or after. There the two
 *    exclude one another: a voided payment cannot be captured, a captured one cannot be voided. So we ask for the void
 *    and read from the answer which of them came first; if it was the capture, all of it is refunded.
 * 3. Whichever process records last, the payment only goes forward (`TRANSITIONS`).
 * The same holds for an authorisation on its way: the provider refuses one that comes after a void of its reference.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { Unavailable } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { cancellationOf, isCaptured, isOver } from './domain.ts';
import { CancelledOrderSchema, PaymentSchema, type Tables } from './entities.ts';
import { findPayment } from './find-payment.ts';
import type { GuardedProvider } from './provider/guard.ts';
import { lockOf, recorder } from './record.ts';
import type { RefundService } from './refund.ts';

/** The cancelled payment, if there is one, and the outcome of the cancellation. */
export interface Cancellation {
  paymentId?: string;
  outcome: 'NOTHING' | 'VOIDED' | 'REFUNDED';
}

/** The parts that cancelling calls. */
interface Parts {
  provider: GuardedProvider;
  refunds: RefundService;
}

export const cancelService = (agentContext: AgentContext<Tables>, { provider, refunds }: Parts) => {
  const { store, clock } = agentContext;
  const record = recorder(agentContext);

  const intend = (orderId: string, origin: RequestContext) =>
    store.write({ locks: [lockOf(orderId)], origin }, async (work) => {
      const payment = await findPayment(work.sql, { orderId });
      if (!payment) {
        if (!(await work.findIfAny(CancelledOrderSchema, orderId)))
          await work.insert(CancelledOrderSchema, { orderId, cancelledAt: clock.now() });
        return undefined;
      }
      const isUnsure = payment.pending !== null;
      if (isOver(payment) || payment.pending === 'CANCEL') return { payment, isUnsure };
      return { payment: await work.save(PaymentSchema, payment, { pending: 'CANCEL' }), isUnsure };
    });

  /** @throws Unavailable if the outcome is not known: ask again */
  return async (orderId: string, reason: string, context: RequestContext): Promise<Cancellation> => {
    const intent = await intend(orderId, context);
    if (!intent) return { outcome: 'NOTHING' };
    let { payment } = intent;
    if (intent.isUnsure && !isOver(payment)) {
      const found = await provider.find(payment.id);
      if (found) payment = await record(orderId, found, context);
    }
    if (!isCaptured(payment) && !isOver(payment))
      payment = await record(orderId, await provider.void(payment.id), context);
    if (isCaptured(payment) && !isOver(payment)) payment = await refunds.refundAll(payment, reason, context);
    if (!isOver(payment)) throw new Unavailable('The outcome of the cancellation is not known yet.');
    return { paymentId: payment.id, outcome: cancellationOf(payment) };
  };
};

export type CancelPayment = ReturnType<typeof cancelService>;
