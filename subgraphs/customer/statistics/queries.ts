import { type Kysely, sql } from 'kysely';
import { anyOf } from '../../../platform/data/any-of.ts';
import { PAID } from './domain.ts';
import type { StatisticsTables } from './entities.ts';

/** The orders of a customer in one currency, in figures. */
export interface CurrencyFigures {
  customerId: string;
  currency: string;
  orders: number;
  cancelled: number;
  spentMinor: bigint;
  lastOrderAt: Date | null;
}

/** The figures of customers that the caller has already read, a row for each currency, by its code. */
export const figuresOf = (db: Kysely<StatisticsTables>, customerIds: readonly string[]): Promise<CurrencyFigures[]> =>
  db
    .selectFrom('customer_order')
    .where('customerId', '=', anyOf(customerIds))
    .select(['customerId', 'currency'])
    .select(({ fn, eb, ref }) => [
      fn.countAll<bigint>().filterWhere('status', '<>', 'CANCELLED').as('orders'),
      fn.countAll<bigint>().filterWhere('status', '=', 'CANCELLED').as('cancelled'),
      sql<bigint>`coalesce(${fn
        .sum(eb(ref('totalMinor'), '-', ref('refundedMinor')))
        .filterWhere('status', '=', anyOf(PAID))}, 0)::bigint`.as('spentMinor'),
      fn.max<Date | null>('placedAt').filterWhere('status', '<>', 'CANCELLED').as('lastOrderAt'),
    ])
    .groupBy(['customerId', 'currency'])
    .orderBy('customerId')
    .orderBy('currency')
    .execute()
    .then((rows) => rows.map((row) => ({ ...row, orders: Number(row.orders), cancelled: Number(row.cancelled) })));
