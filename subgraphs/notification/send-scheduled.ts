/** Scheduled job that sends the messages that were delayed, once their time has come. */
import type { ScheduledJob } from '../../platform/agent/define-agent.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { inChunks } from '../../platform/data/in-chunks.ts';
import { MessageSchema, type Tables } from './entities.ts';
import { notificationRequested } from './events.ts';
import { sentFact } from './sent-fact.ts';

const BATCH = 50;

export const sendScheduled = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>): ScheduledJob => {
  /** Sends some of the messages that are due, and returns their number. A message that is sent is not due any more. */
  const sendSome = (limit: number): Promise<number> =>
    store.write({ locks: ['scheduled messages'], origin: {} }, async (work) => {
      const now = clock.now();
      const due = await work.sql
        .selectFrom('message')
        .select(columnsOf(MessageSchema))
        .where('scheduledFor', '<=', now)
        .orderBy('scheduledFor')
        .orderBy('id')
        .limit(limit)
        .execute();
      for (const message of due) {
        // An inbox has its messages in the order in which they were sent.
        await work.save(MessageSchema, message, { scheduledFor: null, createdAt: now });
        work.publish(notificationRequested, sentFact(message));
      }
      return due.length;
    });
  return {
    name: 'send-scheduled-messages',
    everySeconds: 30,
    async run(signal) {
      await inChunks(BATCH, signal, sendSome);
    },
  };
};
