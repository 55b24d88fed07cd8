import { type Kysely, sql, type SqlBool } from 'kysely';
import { anyOf } from '../../platform/data/any-of.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type Connection, connect, type Ordering, type PageArgs } from '../../platform/graphql/connection.ts';
import { emailKey } from './domain.ts';
import { AccountSchema, type Role, type Tables, type UserRow } from './entities.ts';

/** A page of users. */
export type UserConnectionRow = Connection<UserRow>;

/** Which users; all that is given must hold. */
export interface UserFilter {
  email?: string | null;
  role?: Role | null;
  ids?: readonly string[] | null;
}

/** Sessions and keys that one answer names. */
const MAX_REVOKED = 1000;

/** The columns of a user as the graph reads them: the hash of a password leaves the database for who compares it. */
const USER = columnsOf(AccountSchema).filter((name) => name !== 'passwordHash');

/** The room's reads. Those of users take the rows that their caller may see. */
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

  /** By their ids, so that however many there are, whoever asks on behind the last has all. */
  async revoked(since: Date, after: string): Promise<string[]> {
    const inTable = (table: 'session' | 'api_key') =>
      db.selectFrom(table).select('id').where('revokedAt', '>=', since).where('id', '>', after);
    const all = inTable('session').unionAll(inTable('api_key')).orderBy('id').limit(MAX_REVOKED);
    return (await all.execute()).map((row) => row.id);
  },
});

export type IdentityQueries = ReturnType<typeof identityQueries>;
