/** Outbound webhooks of the small agent: its consumer and its sender, in this process or another. */
import { z } from 'zod';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { defineEvent } from '../../platform/events/define-event.ts';
import { EventCheck } from '../../platform/events/event-check.ts';
import { silentLogger } from '../../platform/log.ts';
import { endpointDisabledPayload } from '../../platform/outbound/endpoint-disabled.ts';
import { createOutbound, type Outbound, type OutboundOptions } from '../../platform/outbound/outbound.ts';
import { type Secrets, secretsWith } from '../../platform/secrets/secrets.ts';
import { noteRead, noteWritten, type SmallFixture } from './small-agent.ts';

/** An event of a merchant. */
export const shopOpened = defineEvent('shop.opened', {
  aggregate: 'shop',
  description: 'A merchant opened a shop.',
  payload: z.object({ shopId: z.string(), merchantId: z.string() }),
});

/** An endpoint was disabled by itself. */
export const smallDisabled = defineEvent('small.endpoint_disabled', {
  aggregate: 'webhook_endpoint',
  description: 'A webhook endpoint was disabled by itself.',
  payload: endpointDisabledPayload,
});

/** The same keys in every process. */
export const smallSecrets = secretsWith([{ id: 'test', bytes: Buffer.alloc(32, 9) }]);

/** Options of these webhooks, and what else differs from the small agent's. */
export interface SmallOutboundOptions extends Partial<OutboundOptions> {
  clock?: Clock;
  secrets?: Secrets;
}

/** Outbound webhooks of the small agent on a clock. */
export const smallOutbound = (
  { store, signer }: Pick<SmallFixture, 'store' | 'signer'>,
  { clock = systemClock, secrets = smallSecrets, ...more }: SmallOutboundOptions = {},
): Outbound => {
  const emits = [noteWritten, noteRead, shopOpened, smallDisabled];
  const allAgents = [{ name: 'small', emits }] as unknown as AgentDefinition[];
  const log = silentLogger;
  const eventCheck = new EventCheck({ signer, log });
  return createOutbound({ store, clock, secrets, log, eventCheck, allAgents } as never, {
    agent: 'small',
    disabled: smallDisabled,
    allowed: { loopback: true },
    failingDays: 5,
    keptDays: 30,
    ...more,
  });
};

/** Runs consumer and sender of the small agent until it is stopped. */
export async function runOutbound(small: SmallFixture, outbound: Outbound): Promise<{ stop(): Promise<void> }> {
  const ending = new AbortController();
  const consumer = small.consumer('small', outbound.handlers);
  await consumer.register();
  const running = [consumer.run(ending.signal), ...outbound.backgroundTasks.map(({ run }) => run(ending.signal))];
  return {
    async stop() {
      ending.abort();
      await Promise.all(running);
    },
  };
}
