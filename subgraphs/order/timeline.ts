import type { Kysely } from 'kysely';
import type { Work } from '../../platform/store/store.ts';
import type { Tables, TimelineEntryType } from './entities.ts';

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
              orderId,
              type,
              reference,
              amountMinor,
              occurredAt: at,
            })),
          )
          .onConflict((conflict) => conflict.doNothing()),
      );

/** Whether a refund is in the timeline already: told again, by whatever way, it is no news. */
export const isTold = async ({ sql }: Pick<Work<Tables>, 'sql'>, orderId: string, refundId: string): Promise<boolean> =>
  (await sql
    .selectFrom('timeline_entry')
    .select('orderId')
    .where('orderId', '=', orderId)
    .where('type', '=', 'PAYMENT_REFUNDED')
    .where('reference', '=', refundId)
    .executeTakeFirst()) !== undefined;

/**
 * The entries as they are read. That money was given back is told by the saga that had it done, without an amount, and
 * by each refund itself: where there are refunds, the saga's word says nothing more.
 */
export function asRead<Entry extends { orderId: string; type: TimelineEntryType; reference: string }>(
  entries: readonly Entry[],
): Entry[] {
  const refunded = new Set(entries.filter((entry) => isRefund(entry) && entry.reference).map((entry) => entry.orderId));
  return entries.filter((entry) => !isRefund(entry) || entry.reference || !refunded.has(entry.orderId));
}

const isRefund = ({ type }: { type: TimelineEntryType }): boolean => type === 'PAYMENT_REFUNDED';
