/**
 * Webhooks of an agent: what somebody outside tells it. The front door (gateway/http/webhooks.ts) hands each delivery to the
 * agent's own field `receive<Agent>Webhook`, in process or over the wire; it is verified, stored, and answered. Then it
 * is handled, at once and, if that fails, ever less often until it works or a person looks at it.
 */
import type { ScheduledJob } from '../agent/define-agent.ts';
import type { AgentContext } from '../agent/agent-context.ts';
import { type DeliveryConnection, type DeliveryRow, deliveries } from './deliveries.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import { handler } from './handle.ts';
import { type Delivered, receiver, type WebhookOutcome } from './receive.ts';

/** Of the deliveries that come at once so many are handled at once; the others a moment later, by the scheduled job. */
const MAX_AT_ONCE = 8;

/** An agent's webhooks. */
export interface Webhooks {
  receive(delivered: Delivered): Promise<WebhookOutcome>;
  page: ReturnType<typeof deliveries>['page'];
  byId(id: string): Promise<DeliveryRow | undefined>;
  /** @throws Refusal NOT_FOUND, INVALID_STATE */
  redrive(id: string): Promise<void>;
  /** To be among the agent's scheduled jobs. */
  scheduledJobs: readonly ScheduledJob[];
}

export type { DeliveryConnection, DeliveryRow };

/** Makes them. The agent's definition says `webhooks: true`, which gives it the inbox's table. */
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
