import type { LiveLog } from '../events/live.ts';
import type { Logger } from '../log.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { agentsInstructed, type INSTRUCTIONS } from './agent-events.ts';
import type { AgentDefinition } from './define-agent.ts';
import type { AgentLifecycles } from './agent-lifecycles.ts';
import { supervise } from './supervise.ts';

/** Carries out instructions to a group of agents on those of this process, wherever they were given. Never rejects. */
export const followInstructions = (options: {
  live: LiveLog;
  breakers: Breakers;
  lifecycles: AgentLifecycles;
  agents: readonly AgentDefinition[];
  log: Logger;
  signal: AbortSignal;
}): Promise<void> => {
  const { live, breakers, lifecycles, agents, log, signal } = options;
  const follow = async (): Promise<void> => {
    for await (const { event } of live.follow({ types: [agentsInstructed.type], signal })) {
      const { area, instruction, requestedBy } = event.payload as {
        area: string | null;
        instruction: (typeof INSTRUCTIONS)[number];
        requestedBy: string;
      };
      const told = agents.filter((agent) => area === null || agent.area === area).map(({ name }) => name);
      if (told.length === 0) continue;
      log.info({ agents: told, instruction, requestedBy }, 'agents were told to do something');
      if (instruction === 'REPORT_HEALTH') await lifecycles.report(told);
      else for (const agent of told) for (const { name } of breakers.list(agent)) breakers.reset(agent, name);
    }
  };
  const onFailure = (error: unknown): void => log.warn({ err: error }, 'instructions will be followed again');
  return supervise(follow, { signal, onFailure, onBroken: () => {}, onMended: () => {} });
};
