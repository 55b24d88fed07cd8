import { type Kysely, sql } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsIn, columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { MAX_ADDRESSES } from './domain.ts';
import { AddressSchema, type CustomerAddressRow, type CustomerRow, CustomerSchema, type Tables } from './entities.ts';

/** A page of customers. */
export type CustomerConnectionRow = Connection<CustomerRow>;

/** A filter of customers; every given condition must hold. */
export interface CustomerFilter {
  email?: string | null;
  ids?: readonly string[] | null;
}

const CUSTOMER = columnsOf(CustomerSchema);

/** The room's queries. Those of customers take the row filter of their caller. */
export const customerQueries = (db: Kysely<Tables>) => ({
  page(filter: CustomerFilter, ordering: Ordering, page: PageArgs, rows: RowFilter): Promise<CustomerConnectionRow> {
    let query = db.selectFrom('customer').select(CUSTOMER).where(matching(rows));
    if (filter.email != null) query = query.where(sql<string>`lower(email)`, '=', filter.email.toLowerCase());
    if (filter.ids != null) query = query.where('id', '=', anyOf(filter.ids));
    return connect(query, ordering, page);
  },

  byIds: (ids: readonly string[], rows: RowFilter): Promise<CustomerRow[]> =>
    db
      .selectFrom('customer')
      .select(CUSTOMER)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .execute(),

  /** Addresses of customers that the caller has already read, the oldest first. `customerIds` limits their number. */
  addressesOf: (customerIds: readonly string[]): Promise<CustomerAddressRow[]> =>
    db
      .selectFrom('address')
      .innerJoin('customer', 'customer.id', 'address.customerId')
      .select(columnsIn('address', AddressSchema))
      .select(({ eb, ref }) =>
        eb('address.id', 'is not distinct from', ref('customer.defaultAddressId'))
          .$castTo<boolean>()
          .as('isDefaultShipping'),
      )
      .where('address.customerId', 'in', [...customerIds])
      .orderBy('address.customerId')
      .orderBy('address.id')
      .limit(customerIds.length * MAX_ADDRESSES)
      .execute(),
});

export type CustomerQueries = ReturnType<typeof customerQueries>;
/** The queries under row-level security: PostgreSQL withholds rows that are not the caller's. */
export type QueriesFor = (context: RequestContext) => CustomerQueries;
