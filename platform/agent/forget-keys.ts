import { forgetOldKeys } from '../data/idempotency.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { AgentLifecycles } from './agent-lifecycles.ts';
import type { HostedAgent } from './hosted-agent.ts';
import { runScheduledJob } from './scheduled-job.ts';

const NAME = 'forget idempotency keys';

/**
 * Deletes expired idempotency keys of all agents of this process, one after the other, every hour until aborted: one
 * job for all, so that it holds one connection and no more. Never rejects.
 */
export async function keepForgettingKeys(
  agents: readonly Pick<HostedAgent, 'name' | 'kysely' | 'sessions'>[],
  options: { clock: Clock; log: Logger; lifecycles: Pick<AgentLifecycles, 'erred'>; everySeconds?: number },
  signal: AbortSignal,
): Promise<void> {
  if (agents.length === 0) return;
  const { clock, log, lifecycles, everySeconds = 3600 } = options;
  const run = async (): Promise<void> => {
    for (const { name, kysely } of agents) {
      if (signal.aborted) return;
      try {
        await forgetOldKeys(kysely, { schema: name, now: clock.now(), signal });
      } catch (error) {
        // An error of one agent does not keep the keys of the others.
        log.warn({ err: error, agent: name }, 'old idempotency keys will be forgotten later');
        lifecycles.erred(name, error, { part: `job ${NAME}` });
      }
    }
  };
  // Processes with the same agents share the job; those with others have one of their own.
  const names = agents.map(({ name }) => name).join('+');
  const job = { name: `${NAME} of ${names}`, everySeconds, run };
  await runScheduledJob(job, { kysely: agents[0]!.sessions, log, agent: 'platform' }, signal);
}
