/**
 * Records what endpoints are to receive: the agent's consumer of the event log writes the deliveries in the transaction
 * that moves its cursor, so each event is recorded exactly once for each endpoint that wants it.
 */
import { type ExpressionBuilder, type Kysely, sql, type SqlBool } from 'kysely';
import { z } from 'zod';
import { type EventHandler, onAll } from '../consumers/handler.ts';
import type { Clock } from '../clock.ts';
import { type LoggedEvent, logIdentity } from '../events/event-log.ts';
import { newId } from '../ids.ts';
import type { OutboundTables } from './entities.ts';
import { bodyOfEvent } from './envelope.ts';
import { entriesFor, type Wanting, wants } from './event-types.ts';
import type { NewDelivery, OutboundSql } from './outbound-sql.ts';

/** Any payload: the sender's schema has checked it. */
const anything = z.record(z.string(), z.unknown());

/** The deliveries of events to endpoints that want them, in the order of the events. */
export const deliveriesOf = (
  events: readonly LoggedEvent[],
  endpoints: readonly (Wanting & { id: string })[],
  generation: string,
): NewDelivery[] =>
  events.flatMap((event) => {
    const receivers = endpoints.filter((endpoint) => wants(endpoint, event));
    if (receivers.length === 0) return [];
    const body = bodyOfEvent(event, generation);
    const { id: webhookId, type: eventType, aggregateId, xid: eventXid, position: eventPosition } = event;
    const what = { webhookId, eventType, aggregateId, eventXid, eventPosition, body };
    return receivers.map(({ id: endpointId }) => ({ id: newId('delivery'), endpointId, ...what }));
  });

/** Parts of the recording. */
export interface RecordingParts {
  /** The types on offer. */
  types: readonly string[];
  sql: OutboundSql;
  clock: Clock;
  /** Called after the commit of recorded events. */
  onRecorded(): void;
}

/** The handlers by which an agent's consumer records deliveries. */
export function recordingHandlers({ types, sql: statements, clock, onRecorded }: RecordingParts): EventHandler[] {
  let generation: Promise<string> | undefined;
  const generationOf = (db: Kysely<any>): Promise<string> =>
    (generation ??= logIdentity(db).then(
      (log) => log.generation,
      (error: unknown) => {
        generation = undefined;
        throw error;
      },
    ));

  const handlers = onAll<Record<string, unknown>, OutboundTables>(types, anything, async ({ sql: db }, events) => {
    const endpoints = await db
      .selectFrom('outbound_endpoint')
      .select(['id', 'merchantId', 'eventTypes'])
      .where('status', '=', 'ENABLED')
      // One that replays reads the log by itself until it has caught up (catch-up.ts).
      .where('replayAfter', 'is', null)
      .where(wantsOneOf(events))
      .execute();
    if (endpoints.length === 0) return;
    const deliveries = deliveriesOf(events, endpoints, await generationOf(db));
    await statements.record(db, deliveries, { now: clock.now(), again: false });
  });
  return handlers.map((handler) => ({ ...handler, onCommitted: onRecorded }));
}

/** Endpoints that may want one of these events, so that not all endpoints are read for each batch. */
const wantsOneOf = (events: readonly LoggedEvent[]) => (eb: ExpressionBuilder<OutboundTables, 'outbound_endpoint'>) => {
  const entries = [...new Set(events.flatMap(({ type }) => entriesFor(type)))];
  const merchants = [
    ...new Set(events.flatMap(({ payload }) => (payload as { merchantId?: unknown }).merchantId ?? [])),
  ];
  return eb.and([
    sql<SqlBool>`event_types && ${entries}::text[]`,
    eb.or([eb('merchantId', 'is', null), sql<SqlBool>`merchant_id = any(${merchants.map(String)}::text[])`]),
  ]);
};
