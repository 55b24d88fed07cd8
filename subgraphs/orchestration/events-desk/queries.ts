/** Queries of the event desk: consumers with their lag, dead letters, and operators' actions. */
import { type Kysely, sql } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { type Connection, connect, type PageArgs } from '../../../platform/graphql/connection.ts';
import type { Tables } from '../entities.ts';
import type { DeadLetterFilter } from '../resolvers.generated.ts';
import { readConsumers } from './consumers-sql.ts';
import { type DeadLetterState, type EventActionRow, EventActionSchema } from './entities.ts';

/** The columns of the platform's table that are read here. */
interface ParkedEvent {
  consumer: string;
  aggregateKey: string;
  state: DeadLetterState;
  attempts: number;
  error: string | null;
  nextAt: Date;
}

/** A parked event as the graph reads it. */
export interface DeadLetterRow extends ParkedEvent {
  id: string;
  eventId: string;
  eventType: string;
  source: string;
  correlationId: string | null;
  occurredAt: string;
  payload: unknown;
}

/** A page of parked events. */
export type DeadLetterConnectionRow = Connection<DeadLetterRow>;

/** A page of operators' actions. */
export type EventActionConnectionRow = Connection<EventActionRow>;

const PARKED = ['consumer', 'aggregateKey', 'state', 'attempts', 'error', 'nextAt'] as const;
const ACTION = columnsOf(EventActionSchema);

export const eventsDeskQueries = (db: Kysely<Tables>) => {
  const platform = db.withSchema('platform') as unknown as Kysely<{ parked_event: ParkedEvent }>;

  const letters = () =>
    platform
      .selectFrom((eb) =>
        eb
          .selectFrom('parked_event')
          .select(PARKED)
          .select([
            sql<string>`consumer || ':' || (event->>'id')`.as('id'),
            sql<string>`event->>'id'`.as('eventId'),
            sql<string>`event->>'type'`.as('eventType'),
            sql<string>`event->>'source'`.as('source'),
            sql<string | null>`event->>'correlation_id'`.as('correlationId'),
            sql<string>`event->>'at'`.as('occurredAt'),
            sql<unknown>`event->'payload'`.as('payload'),
          ])
          .as('letter'),
      )
      .select([...PARKED, 'id', 'eventId', 'eventType', 'source', 'correlationId', 'occurredAt', 'payload']);

  return {
    consumers: (names?: readonly string[]) => readConsumers(db, names),

    deadLetterPage(filter: DeadLetterFilter, page: PageArgs): Promise<DeadLetterConnectionRow> {
      let some = letters();
      if (filter.consumer != null) some = some.where('consumer', '=', filter.consumer);
      if (filter.state != null) some = some.where('state', '=', filter.state);
      return connect(some, { column: 'id', direction: 'ASC' }, page);
    },

    actionPage(filter: { consumer?: string | null }, page: PageArgs): Promise<EventActionConnectionRow> {
      const all = db.selectFrom('event_action').select(ACTION);
      const some = filter.consumer != null ? all.where('consumer', '=', filter.consumer) : all;
      return connect(some, { column: 'at', direction: 'DESC' }, page);
    },

    actionById: (id: string): Promise<EventActionRow> =>
      db.selectFrom('event_action').select(ACTION).where('id', '=', id).executeTakeFirstOrThrow(),
  };
};

export type EventsDeskQueries = ReturnType<typeof eventsDeskQueries>;
