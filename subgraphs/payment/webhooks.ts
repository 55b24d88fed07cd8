/**
 * What the provider tells by itself. A webhook is evidence of a state, as an answer is: the payment follows it as far as
 * it is news, and whoever waits for the outcome goes on at once.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { Fault } from '../../platform/errors.ts';
import { onWebhook, type WebhookEndpoint } from '../../platform/webhooks/endpoint.ts';
import type { WebhookSecrets } from '../../platform/webhooks/secrets.ts';
import { type Payment, Refund, type Tables } from './entities.ts';
import { checkRefundEvidence, contradiction } from './evidence.ts';
import type { News } from './news.ts';
import { paymentOf } from './payment-sql.ts';
import { type Evidence, simulatorEvidence } from './provider/simulator-evidence.ts';
import { followProvider, lockOf } from './record.ts';
import { concludeRefund } from './refund.ts';

export const simulatorWebhooks = (
  { store, clock }: AgentContext<Tables>,
  secrets: WebhookSecrets | undefined,
  news: News,
): WebhookEndpoint =>
  onWebhook<Evidence, Tables>({
    name: 'simulator',
    secrets,
    reads: simulatorEvidence,

    async locks({ reference }) {
      const payment = await store.read
        .selectFrom('payment')
        .select('order_id')
        .where('id', '=', reference)
        .executeTakeFirst();
      // Each payment of ours has its row before the provider hears of it.
      if (!payment)
        throw new Fault('PAYMENT_UNKNOWN', `The provider tells of ${reference}, which is no payment of ours.`);
      return [lockOf(payment.order_id)];
    },

    async handle(work, { reference, found, refund }) {
      const payment = await paymentOf(work, { id: reference });
      await followProvider(work, payment, found, clock.now());
      if (!refund) return;
      checkRefundEvidence(found, refund.reference);
      await refunded(work, payment, refund, clock.now());
    },

    onHandled: ({ reference }) => news.tell(reference),
  });

async function refunded(
  work: Work<Tables>,
  { id }: Payment,
  { reference, minor }: NonNullable<Evidence['refund']>,
  now: Date,
): Promise<void> {
  const refund = await work.em.findOne(Refund, { id: reference, paymentId: id });
  if (!refund || refund.amountMinor !== minor || refund.status === 'REFUSED')
    throw contradiction(`a refund ${reference} of ${minor} that we did not ask for`);
  await concludeRefund(work, reference, true, now);
}
