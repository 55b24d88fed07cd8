import type { LiveLog } from '../events/live.ts';
import type { Logger } from '../log.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { breakerReset } from './agent-events.ts';
import { supervise } from './supervise.ts';

/** Closes the circuit breakers of this process that operators have reset, wherever they asked for it. Never rejects. */
export const followResets = (options: {
  live: LiveLog;
  breakers: Breakers;
  log: Logger;
  signal: AbortSignal;
}): Promise<void> => {
  const { live, breakers, log, signal } = options;
  const follow = async (): Promise<void> => {
    for await (const { event } of live.follow({ types: [breakerReset.type], signal })) {
      const { agentId, name, requestedBy } = event.payload as { agentId: string; name: string; requestedBy: string };
      if (breakers.reset(agentId, name)) log.info({ agentId, name, requestedBy }, 'a circuit breaker was reset');
    }
  };
  const onFailure = (error: unknown): void => log.warn({ err: error }, 'resets of breakers will be followed again');
  return supervise(follow, { signal, onFailure, onBroken: () => {}, onMended: () => {} });
};
