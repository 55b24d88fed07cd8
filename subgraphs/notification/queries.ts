import { type Kysely, sql } from 'kysely';
import { type Connection, connect, type PageArgs } from '../../platform/graphql/connection.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import { type MessageRow, MessageSchema, type Tables } from './entities.ts';

/** A page of messages. */
export type MessageConnectionRow = Connection<MessageRow>;

const MESSAGE = columnsOf(MessageSchema);

/** The room's queries. They take the row filter of their caller. */
export const messageQueries = (db: Kysely<Tables>) => ({
  page(filter: { unread?: boolean | null }, page: PageArgs, rows: RowFilter): Promise<MessageConnectionRow> {
    let query = db.selectFrom('message').select(MESSAGE).where(matching(rows)).where('scheduledFor', 'is', null);
    if (filter.unread != null) query = query.where('readAt', filter.unread ? 'is' : 'is not', null);
    return connect(query, { column: 'createdAt', direction: 'DESC' }, page);
  },

  /** The messages with these ids. Only who sees all sees those that wait to be sent. */
  byIds: (ids: readonly string[], rows: RowFilter): Promise<MessageRow[]> =>
    db
      .selectFrom('message')
      .select(MESSAGE)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .$if(rows !== 'ALL', (query) => query.where('scheduledFor', 'is', null))
      .execute(),

  /** A page of the messages that are not sent yet, the latest first. */
  scheduled: (page: PageArgs): Promise<MessageConnectionRow> =>
    connect(
      db.selectFrom('message').select(MESSAGE).where('scheduledFor', 'is not', null),
      { column: 'scheduledFor', direction: 'DESC' },
      page,
    ),

  /** Counts of unread messages, by customer. A customer outside the row filter, or without any, has no row. */
  unreadOf: (customerIds: readonly string[], rows: RowFilter): Promise<{ customerId: string; unread: number }[]> =>
    db
      .selectFrom('message')
      .select(['customerId', sql<number>`count(*)::int`.as('unread')])
      .where('customerId', 'in', [...customerIds])
      .where('readAt', 'is', null)
      .where('scheduledFor', 'is', null)
      .where(matching(rows))
      .groupBy('customerId')
      .execute(),
});

export type MessageQueries = ReturnType<typeof messageQueries>;
