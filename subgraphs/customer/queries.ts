import { type Kysely, sql } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { MAX_ADDRESSES } from './domain.ts';
import type { Tables } from './entities.ts';

/** A customer as the graph reads it. */
export interface CustomerRow {
  id: string;
  name: string;
  email: string;
  phone: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** A page of customers. */
export type CustomerConnectionRow = Connection<CustomerRow>;

/** An address as the graph reads it. */
export interface CustomerAddressRow {
  id: string;
  customer_id: string;
  name: string;
  line1: string;
  line2: string | null;
  city: string;
  postcode: string;
  region: string | null;
  country: string;
  version: number;
  is_default: boolean;
}

/** Which customers; all that is given must hold. */
export interface CustomerFilter {
  email?: string | null;
  ids?: readonly string[] | null;
}

const CUSTOMER = ['id', 'name', 'email', 'phone', 'version', 'created_at', 'updated_at'] as const;
const ADDRESS = [
  ...([
    'address.id',
    'address.customer_id',
    'address.name',
    'line1',
    'line2',
    'city',
    'postcode',
    'region',
    'country',
  ] as const),
  'address.version',
] as const;

/** The room's reads. Those of customers take the rows that their caller may see. */
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

  /** Of customers that the caller has already been given; oldest first. `customerIds` limits their number. */
  addressesOf: (customerIds: readonly string[]): Promise<CustomerAddressRow[]> =>
    db
      .selectFrom('address')
      .innerJoin('customer', 'customer.id', 'address.customer_id')
      .select(ADDRESS)
      .select(sql<boolean>`address.id is not distinct from customer.default_address_id`.as('is_default'))
      .where('address.customer_id', 'in', [...customerIds])
      .orderBy('address.customer_id')
      .orderBy('address.id')
      .limit(customerIds.length * MAX_ADDRESSES)
      .execute(),
});

export type CustomerQueries = ReturnType<typeof customerQueries>;
/** The same on behalf of who asks: PostgreSQL holds the rows of others back. */
export type QueriesFor = (context: RequestContext) => CustomerQueries;
