import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { Fault } from '../../../platform/errors.ts';
import type { WebhookSecrets } from '../../../platform/webhooks/secrets.ts';
import type { PaymentVariables } from '../config.ts';
import type { SimulatorTables } from './simulator-entities.ts';
import { SimulatorWebhooks } from './simulator-webhooks.ts';

/** The simulator's webhooks as configured; undefined if none are. @throws Fault without secrets */
export function simulatedWebhooks(
  { config, store, clock, log }: Pick<AgentContext<any, PaymentVariables>, 'config' | 'store' | 'clock' | 'log'>,
  secrets: WebhookSecrets | undefined,
): { webhooks: SimulatorWebhooks; scheduledJobs: readonly ScheduledJob[] } | undefined {
  if (!config.SIMULATOR_WEBHOOK_URL) return undefined;
  if (!secrets)
    throw new Fault('NO_WEBHOOK_SECRET', 'SIMULATOR_WEBHOOK_URL is set, but no PAYMENT_WEBHOOK_SECRETS to sign with.');
  const webhooks = new SimulatorWebhooks({
    db: store.read.withTables<SimulatorTables>(),
    clock,
    log,
    // `self` becomes an address once the front door is open (bin/embedded.ts).
    url: () => (config.SIMULATOR_WEBHOOK_URL === 'self' ? undefined : config.SIMULATOR_WEBHOOK_URL),
    secrets,
  });
  const run = async (): Promise<void> => {
    if (config.SIMULATOR_WEBHOOK_URL === 'self')
      throw new Fault('NO_FRONT_DOOR', 'SIMULATOR_WEBHOOK_URL=self, but no front door is here: give its address.');
    await webhooks.sendDue();
  };
  return { webhooks, scheduledJobs: [{ name: 'send simulated webhooks', everySeconds: 1, run }] };
}
