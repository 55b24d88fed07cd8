import type { Kysely } from 'kysely';
import type { Tables } from './entities.ts';
import type { TimelineEntryType } from './resolvers.generated.ts';

/** What happened to an order, and when. */
export interface TimelineEntry {
  type: TimelineEntryType;
  at: Date;
}

/** Adds entries to the statement that makes them true, each kind once: a saga tells its whole story at every step. */
export const withTimeline = (sql: Kysely<Tables>, orderId: string, entries: readonly TimelineEntry[]) =>
  entries.length === 0
    ? sql
    : sql.with('entry', (db) =>
        db
          .insertInto('timeline_entry')
          .values(entries.map(({ type, at }) => ({ order_id: orderId, type, occurred_at: at })) as never)
          .onConflict((conflict) => conflict.doNothing()),
      );
