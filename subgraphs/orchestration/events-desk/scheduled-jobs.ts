import type { Kysely } from 'kysely';
import type { ScheduledJob } from '../../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { asKeeper } from '../../../platform/events/keeper.ts';
import { createPartitions, partitionsAhead } from '../../../platform/events/partitions.ts';
import { ABANDONED_AFTER_DAYS, dropOldPartitions } from '../../../platform/events/retention.ts';

const DAY_MS = 86_400_000;

/** Scheduled jobs of the event log: they create partitions ahead, and drop those beyond the retention. */
export const logJobs = (agentContext: AgentContext): ScheduledJob[] => [
  {
    name: 'make partitions',
    everySeconds: 60,
    run: (_, session) => asKeeper(session, () => makePartitions(agentContext, session)),
  },
  {
    name: 'drop old partitions',
    everySeconds: 3600,
    run: (_, session) => asKeeper(session, () => dropOld(agentContext, session)),
  },
];

async function makePartitions({ log }: AgentContext, session: Kysely<any>): Promise<void> {
  try {
    const created = await createPartitions(session);
    if (created.length) log.info({ created }, 'event log partitions made');
  } finally {
    const ahead = await partitionsAhead(session);
    if (ahead < 2) log.warn({ ahead }, 'the event log has few partitions ahead: without one nothing can be written');
  }
}

async function dropOld({ log, clock, config }: AgentContext, session: Kysely<any>): Promise<void> {
  const now = clock.now();
  const before = new Date(now.getTime() - config.EVENT_RETENTION_DAYS * DAY_MS);
  const { dropped, abandoned } = await dropOldPartitions(session, { before, now });
  if (dropped.length) log.info({ dropped }, 'old event log partitions dropped');
  for (const { consumer, since } of abandoned)
    log.warn(
      { consumer, since, days: ABANDONED_AFTER_DAYS },
      'an abandoned consumer keeps old events from being dropped',
    );
}
