import { type Kysely, sql, type SqlBool } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import { emailKey } from './domain.ts';
import { AccountSchema, type Role, type Tables, type UserRow } from './entities.ts';

/** A page of users. */
export type UserConnectionRow = Connection<UserRow>;

/** A filter of users; every given condition must hold. */
export interface UserFilter {
  email?: string | null;
  role?: Role | null;
  ids?: readonly string[] | null;
}

/** The most sessions and keys in one answer. */
const MAX_REVOKED = 1000;

/** The columns of a user for the graph: the hash of a password leaves the database only to be compared. */
const USER = columnsOf(AccountSchema).filter((name) => name !== 'passwordHash');

/** The room's queries. Those of users take the row filter of their caller. */
export const identityQueries = (db: Kysely<Tables>) => ({
  page(filter: UserFilter, ordering: Ordering, page: PageArgs, rows: RowFilter): Promise<UserConnectionRow> {
    let query = db.selectFrom('account').select(USER).where(matching(rows));
    if (filter.email != null) query = query.where('emailKey', '=', emailKey(filter.email));
    if (filter.role != null) query = query.where(sql<SqlBool>`roles @> array[${filter.role}]::text[]`);
    if (filter.ids != null) query = query.where('id', '=', anyOf(filter.ids));
    return connect(query, ordering, page);
  },

  byIds: (ids: readonly string[], rows: RowFilter): Promise<UserRow[]> =>
    db
      .selectFrom('account')
      .select(USER)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .execute(),

  /** Revoked sessions and keys, by ids: a caller that continues after the last id gets all of them. */
  async revoked(since: Date, after: string): Promise<string[]> {
    const inTable = (table: 'session' | 'api_key') =>
      db.selectFrom(table).select('id').where('revokedAt', '>=', since).where('id', '>', after);
    const all = inTable('session').unionAll(inTable('api_key')).orderBy('id').limit(MAX_REVOKED);
    return (await all.execute()).map((row) => row.id);
  },
});

export type IdentityQueries = ReturnType<typeof identityQueries>;
