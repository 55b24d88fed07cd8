import type { Kysely } from 'kysely';
import type { Work } from '../../platform/store/store.ts';
import type { Tables } from './entities.ts';
import type { TimelineEntryType } from './resolvers.generated.ts';

/** What happened to an order, and when. */
export interface TimelineEntry {
  type: TimelineEntryType;
  at: Date;
  /** Tells it from others of its kind: the refund's id. Of what happens once there is none. */
  reference?: string;
  /** How much, if it is about money of its own. */
  amountMinor?: bigint;
}

/** Adds entries to the statement that makes them true, each kind once: a saga tells its whole story at every step. */
export const withTimeline = (sql: Kysely<Tables>, orderId: string, entries: readonly TimelineEntry[]) =>
  entries.length === 0
    ? sql
    : sql.with('entry', (db) =>
        db
          .insertInto('timeline_entry')
          .values(
            entries.map(({ type, at, reference = '', amountMinor = null }) => ({
              order_id: orderId,
              type,
              reference,
              amount_minor: amountMinor,
              occurred_at: at,
            })) as never,
          )
          .onConflict((conflict) => conflict.doNothing()),
      );

/** Whether a refund is in the timeline already: told again, by whatever way, it is no news. */
export const isTold = async ({ sql }: Pick<Work<Tables>, 'sql'>, orderId: string, refundId: string): Promise<boolean> =>
  (await sql
    .selectFrom('timeline_entry')
    .select('order_id')
    .where('order_id', '=', orderId)
    .where('type', '=', 'PAYMENT_REFUNDED')
    .where('reference', '=', refundId)
    .executeTakeFirst()) !== undefined;

/**
 * The entries as they are read. That money was given back is told by the saga that had it done, without an amount, and
 * by each refund itself: where there are refunds, the saga's word says nothing more.
 */
export function asRead<Entry extends { order_id: string; type: TimelineEntryType; reference: string }>(
  entries: readonly Entry[],
): Entry[] {
  const refunded = new Set(
    entries.filter((entry) => isRefund(entry) && entry.reference).map((entry) => entry.order_id),
  );
  return entries.filter((entry) => !isRefund(entry) || entry.reference || !refunded.has(entry.order_id));
}

const isRefund = ({ type }: { type: TimelineEntryType }): boolean => type === 'PAYMENT_REFUNDED';
