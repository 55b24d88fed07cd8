import { type Kysely, sql } from 'kysely';
import { type Connection, connect, type PageArgs } from '../../platform/graphql/connection.ts';
import { type RowFilter, matching } from '../../platform/data/row-filter.ts';
import type { Parameters, Template } from './domain.ts';
import type { Tables } from './entities.ts';

/** A message as the graph reads it. */
export interface MessageRow {
  id: string;
  order_id: string;
  template: Template;
  parameters: Parameters;
  created_at: Date;
  read_at: Date | null;
}

/** A page of messages. */
export type MessageConnectionRow = Connection<MessageRow>;

const MESSAGE = ['id', 'order_id', 'template', 'parameters', 'created_at', 'read_at'] as const;

/** The room's reads. They take the rows that their caller may see. */
export const messageQueries = (db: Kysely<Tables>) => ({
  page(filter: { unread?: boolean | null }, page: PageArgs, rows: RowFilter): Promise<MessageConnectionRow> {
    let query = db.selectFrom('message').select(MESSAGE).where(matching(rows));
    if (filter.unread != null) query = query.where('read_at', filter.unread ? 'is' : 'is not', null);
    return connect(query, { column: 'created_at', direction: 'DESC' }, page);
  },

  byIds: (ids: readonly string[], rows: RowFilter): Promise<MessageRow[]> =>
    db
      .selectFrom('message')
      .select(MESSAGE)
      .where('id', 'in', [...ids])
      .where(matching(rows))
      .execute(),

  /** How many each of these customers has not read. A customer who is not within, or has read all, is not among them. */
  unreadOf: (customerIds: readonly string[], rows: RowFilter): Promise<{ customer_id: string; unread: number }[]> =>
    db
      .selectFrom('message')
      .select(['customer_id', sql<number>`count(*)::int`.as('unread')])
      .where('customer_id', 'in', [...customerIds])
      .where('read_at', 'is', null)
      .where(matching(rows))
      .groupBy('customer_id')
      .execute(),
});

export type MessageQueries = ReturnType<typeof messageQueries>;
