import type { Kysely } from 'kysely';
import type { Duty } from '../../../platform/agent/define-agent.ts';
import type { Ground } from '../../../platform/agent/ground.ts';
import { asKeeper } from '../../../platform/events/keeper.ts';
import { createPartitions, partitionsAhead } from '../../../platform/events/partitions.ts';
import { ABANDONED_AFTER_DAYS, dropOldPartitions } from '../../../platform/events/retention.ts';

const DAY_MS = 86_400_000;

/** The upkeep of the event log: room for the transactions to come, and an end for what is old. */
export const logDuties = (ground: Ground): Duty[] => [
  {
    name: 'make partitions',
    everySeconds: 60,
    run: (_, session) => asKeeper(session, () => makePartitions(ground, session)),
  },
  {
    name: 'drop old partitions',
    everySeconds: 3600,
    run: (_, session) => asKeeper(session, () => dropOld(ground, session)),
  },
];

async function makePartitions({ log }: Ground, session: Kysely<any>): Promise<void> {
  try {
    const created = await createPartitions(session);
    if (created.length) log.info({ created }, 'event log partitions made');
  } finally {
    const ahead = await partitionsAhead(session);
    if (ahead < 2) log.warn({ ahead }, 'the event log has few partitions ahead: without one nothing can be written');
  }
}

async function dropOld({ log, clock, config }: Ground, session: Kysely<any>): Promise<void> {
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
