/**
 * Webhooks of an agent, from outside senders. The gateway (gateway/http/webhooks.ts) passes each delivery to the
 * agent's own field `receive<Agent>Webhook`, in process or over the wire; it is verified, stored, and answered. Then it
 * is handled at once, and retried with backoff until it succeeds or is left to an operator.
 */
import type { ScheduledJob } from '../agent/define-agent.ts';
import type { AgentContext } from '../agent/agent-context.ts';
import { type DeliveryConnection, type DeliveryRow, deliveries } from './deliveries.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import { handler } from './handle.ts';
import { type Delivered, receiver, type WebhookOutcome } from './receive.ts';

/** Limit of deliveries handled at once on arrival; the scheduled job handles the others a moment later. */
const MAX_AT_ONCE = 8;

/** An agent's webhooks. */
export interface Webhooks {
  receive(delivered: Delivered): Promise<WebhookOutcome>;
  page: ReturnType<typeof deliveries>['page'];
  byId(id: string): Promise<DeliveryRow | undefined>;
  /** @throws Refusal NOT_FOUND, INVALID_STATE */
  redrive(id: string): Promise<void>;
  /** Add them to the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

export type { DeliveryConnection, DeliveryRow };

/** Creates an agent's webhooks. Its definition must say `webhooks: true`, which gives it the inbox's table. */
export function createWebhooks(agentContext: AgentContext<any>, endpoints: readonly WebhookEndpoint[]): Webhooks {
  const { handle, handleDue } = handler(agentContext, endpoints);
  const desk = deliveries(agentContext);
  const isConnected = endpoints.some(({ secrets }) => secrets);
  let inHand = 0;
  const handleSoon = (id: string): void => {
    if (inHand >= MAX_AT_ONCE) return;
    inHand += 1;
    void handle(id).finally(() => (inHand -= 1));
  };
  return {
    receive: receiver(agentContext, endpoints, handleSoon),
    page: desk.page,
    byId: desk.byId,
    async redrive(id) {
      await desk.redrive(id);
      handleSoon(id);
    },
    scheduledJobs: isConnected
      ? [
          { name: 'handle webhooks', everySeconds: 2, run: handleDue },
          { name: 'forget webhooks', everySeconds: 3600, run: desk.forgetOld },
        ]
      : [],
  };
}
