import type { Kysely } from 'kysely';
import type { Work } from '../../platform/store/store.ts';
import type { Tables, TimelineEntryType } from './entities.ts';

/** An event in the life of an order, for its timeline. */
export interface TimelineEntry {
  type: TimelineEntryType;
  at: Date;
  /** Tells entries of one type apart: the id of a refund. Absent for types that occur once. */
  reference?: string;
  /** The amount of a refund. */
  amountMinor?: bigint;
}

/** Adds entries to the statement that makes them true, each once: a saga reports all its steps at every step. */
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

/** Whether a refund is in the timeline already: its redelivered event is no news. */
export const isTold = async ({ sql }: Pick<Work<Tables>, 'sql'>, orderId: string, refundId: string): Promise<boolean> =>
  (await sql
    .selectFrom('timeline_entry')
    .select('orderId')
    .where('orderId', '=', orderId)
    .where('type', '=', 'PAYMENT_REFUNDED')
    .where('reference', '=', refundId)
    .executeTakeFirst()) !== undefined;

/**
 * The entries as they are read. A refund is told by the saga that requested it, without an amount, and by its own
 * event: the saga's entry is left out if there are refunds with amounts.
 */
export function asRead<Entry extends { orderId: string; type: TimelineEntryType; reference: string }>(
  entries: readonly Entry[],
): Entry[] {
  const refunded = new Set(entries.filter((entry) => isRefund(entry) && entry.reference).map((entry) => entry.orderId));
  return entries.filter((entry) => !isRefund(entry) || entry.reference || !refunded.has(entry.orderId));
}

const isRefund = ({ type }: { type: TimelineEntryType }): boolean => type === 'PAYMENT_REFUNDED';
