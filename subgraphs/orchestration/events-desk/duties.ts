import type { Duty } from '../../../platform/agent/define-agent.ts';
import type { Ground } from '../../../platform/agent/ground.ts';
import { createPartitions, partitionsAhead } from '../../../platform/events/partitions.ts';
import { ABANDONED_AFTER_DAYS, dropOldPartitions } from '../../../platform/events/retention.ts';

const DAY_MS = 86_400_000;

/** The upkeep of the event log: room for the transactions to come, and an end for what is old. */
export const logDuties = (ground: Ground): Duty[] => [
  { name: 'make partitions', everySeconds: 60, run: () => makePartitions(ground) },
  { name: 'drop old partitions', everySeconds: 3600, run: () => dropOld(ground) },
];

async function makePartitions({ store, log }: Ground): Promise<void> {
  try {
    const created = await createPartitions(store.read);
    if (created.length) log.info({ created }, 'event log partitions made');
  } finally {
    const ahead = await partitionsAhead(store.read);
    if (ahead < 2) log.warn({ ahead }, 'the event log has few partitions ahead: without one nothing can be written');
  }
}

async function dropOld({ store, log, clock, config }: Ground): Promise<void> {
  const now = clock.now();
  const before = new Date(now.getTime() - config.EVENT_RETENTION_DAYS * DAY_MS);
  const { dropped, abandoned } = await dropOldPartitions(store.read, { before, now });
  if (dropped.length) log.info({ dropped }, 'old event log partitions dropped');
  for (const { consumer, since } of abandoned)
    log.warn(
      { consumer, since, days: ABANDONED_AFTER_DAYS },
      'an abandoned consumer keeps old events from being dropped',
    );
}
