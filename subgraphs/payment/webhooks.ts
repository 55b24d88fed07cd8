/**
 * Webhooks of the provider. A webhook is evidence of a state, as an answer is: the payment follows it as far as it is
 * news, and calls that wait for the outcome go on at once.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { Fault } from '../../platform/errors.ts';
import { onWebhook, type WebhookEndpoint } from '../../platform/webhooks/endpoint.ts';
import type { WebhookSecrets } from '../../platform/webhooks/secrets.ts';
import type { PaymentVariables } from './config.ts';
import { type RefundRow, RefundSchema, type Tables } from './entities.ts';
import { checkRefundEvidence, contradiction } from './evidence.ts';
import { paymentOf } from './find-payment.ts';
import type { News } from './news.ts';
import { type Evidence, simulatorEvidence } from './provider/simulator-evidence.ts';
import { followProvider, lockOf } from './record.ts';
import { refundRecorder } from './refund.ts';

/** The parts that webhooks use. */
interface Parts {
  secrets: WebhookSecrets | undefined;
  news: News;
}

export const simulatorWebhooks = (
  agentContext: AgentContext<Tables, PaymentVariables>,
  { secrets, news }: Parts,
): WebhookEndpoint => {
  const { store, clock } = agentContext;
  const recordRefund = refundRecorder(agentContext);
  return onWebhook<Evidence, Tables>({
    name: 'simulator',
    secrets,
    reads: simulatorEvidence,

    async locks({ reference }) {
      const payment = await store.read
        .selectFrom('payment')
        .select('orderId')
        .where('id', '=', reference)
        .executeTakeFirst();
      // Every payment of ours has its row before the provider is asked.
      if (!payment)
        throw new Fault('PAYMENT_UNKNOWN', `The provider tells of ${reference}, which is no payment of ours.`);
      return [lockOf(payment.orderId)];
    },

    async handle(work, { reference, found, refund }) {
      const before = await paymentOf(work.sql, { id: reference });
      const payment = await followProvider(work, before, found, clock.now());
      if (!refund) return;
      checkRefundEvidence(found, refund.reference);
      await recordRefund(work, payment, await refundToldOf(work, reference, refund));
    },

    onHandled: ({ reference }) => news.tell(reference),
  });
};

/** The refund that a webhook reports. @throws Fault EVIDENCE_CONTRADICTS if we did not ask for it */
async function refundToldOf(
  work: Work<Tables>,
  paymentId: string,
  { reference, minor }: NonNullable<Evidence['refund']>,
): Promise<RefundRow> {
  const refund = await work.findIfAny(RefundSchema, reference);
  if (refund?.paymentId !== paymentId || refund.amountMinor !== minor || refund.status === 'REFUSED')
    throw contradiction(`a refund ${reference} of ${minor} that we did not ask for`);
  return refund;
}
