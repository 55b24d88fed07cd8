import { type Kysely, type RawBuilder, sql } from 'kysely';
import { anyOf } from '../../../platform/data/any-of.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { type Connection, connect, type PageArgs } from '../../../platform/graphql/connection.ts';
import type { AccountRow, LedgerTables, TransferRow } from '../../../platform/ledger/entities.ts';
import { PaymentSchema, RefundSchema, type Tables } from '../entities.ts';
import type { PaymentToBook } from './domain.ts';

/** What the books hold of a payment, less what the payment says: held, captured and refunded, in minor units. */
export interface PaymentLedgerDifferenceRow {
  /** The payment. */
  id: string;
  currency: string;
  heldMinor: bigint;
  capturedMinor: bigint;
  refundedMinor: bigint;
}
/** A page of differences. */
export type PaymentLedgerDifferenceConnectionRow = Connection<PaymentLedgerDifferenceRow>;

/** An account as the graph reads it, and a page of accounts. */
export type PaymentLedgerAccountRow = AccountRow;
export type PaymentLedgerAccountConnectionRow = Connection<AccountRow>;

/** A transfer as the graph reads it, and a page of transfers. */
export type PaymentLedgerTransferRow = TransferRow;
export type PaymentLedgerTransferConnectionRow = Connection<TransferRow>;

/** The time in which the books may still be behind a payment that has just changed. */
const SETTLES_MS = 60_000;

/** The payments that are compared with the books. */
export interface Compared {
  /** The earliest last change. @default all */
  updatedFrom?: Date | null;
  now: Date;
}

const bigint = (expression: RawBuilder<unknown>) => sql<bigint>`(${expression})::bigint`;

/** The queries of the books beside those of the ledger itself (platform/ledger/queries.ts). */
export const bookingQueries = (read: Kysely<Tables>) => {
  const db = read.withTables<LedgerTables>() as Kysely<Tables & LedgerTables>;
  return {
    /** A page of payments with their refunds, in the order of their ids. */
    async toBook(after: string, limit: number): Promise<PaymentToBook[]> {
      const payments = await db
        .selectFrom('payment')
        .select(columnsOf(PaymentSchema))
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
      const refunds = await db
        .selectFrom('refund')
        .select(columnsOf(RefundSchema))
        .where('paymentId', '=', anyOf(payments.map(({ id }) => id)))
        .where('status', '=', 'DONE')
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      const ofPayment = Map.groupBy(refunds, ({ paymentId }) => paymentId);
      return payments.map((payment) => ({ ...payment, refunds: ofPayment.get(payment.id) ?? [] }));
    },

    /** A page of the payments of which the books say otherwise, but for those that have changed in the last minute. */
    differences({ updatedFrom, now }: Compared, page: PageArgs): Promise<PaymentLedgerDifferenceConnectionRow> {
      const held = sql`case when payment.status = 'AUTHORIZED' or (payment.status = 'FAILED' and payment.authorised_at is not null)
        then payment.amount_minor else 0 end`;
      let compared = db
        .selectFrom('payment')
        .leftJoin('ledger_account', 'ledger_account.id', 'payment.id')
        .select([
          'payment.id',
          'payment.currency',
          bigint(sql`coalesce(ledger_account.credits_pending, 0) - ${held}`).as('heldMinor'),
          bigint(sql`coalesce(ledger_account.credits_posted, 0) - payment.captured_minor`).as('capturedMinor'),
          bigint(sql`coalesce(ledger_account.debits_posted, 0) - payment.refunded_minor`).as('refundedMinor'),
        ])
        .where('payment.updatedAt', '<', new Date(now.getTime() - SETTLES_MS));
      if (updatedFrom) compared = compared.where('payment.updatedAt', '>=', updatedFrom);
      const differing = db
        .selectFrom(compared.as('difference'))
        .select(['id', 'currency', 'heldMinor', 'capturedMinor', 'refundedMinor'])
        .where((difference) =>
          difference.or([
            difference('heldMinor', '<>', 0n),
            difference('capturedMinor', '<>', 0n),
            difference('refundedMinor', '<>', 0n),
          ]),
        );
      return connect(differing, { column: 'id', direction: 'ASC' }, page);
    },
  };
};

/** The queries of the books. */
export type BookingQueries = ReturnType<typeof bookingQueries>;
