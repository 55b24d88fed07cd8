/** Parked events: those that a consumer could not apply, and later ones of their aggregate; retried with backoff. */
import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';
import { Unavailable } from '../errors.ts';
import type { Logger } from '../log.ts';
import { count } from '../telemetry/metrics.ts';
import type { Cursor } from '../events/cursor.ts';
import { type EventRow, type LoggedEvent, toEvent, toRow } from '../events/event-log.ts';

/** Attempts before an event becomes a dead letter, which waits for an operator. */
const MAX_ATTEMPTS = 8;

/** SQL condition: a parked event `p` is the oldest of its aggregate, and is to be retried. */
const TRIED_AGAIN = `p.state = 'WAITING'
  and not exists (select 1 from platform.parked_event o where o.consumer = p.consumer
                     and o.aggregate_key = p.aggregate_key and (o.xid, o.position) < (p.xid, p.position))`;
/** SQL condition: a parked event `p` is due for a retry. */
export const DUE = `p.next_at <= now() and ${TRIED_AGAIN}`;
/**
 * SQL condition: a process that handles the types of this array is to retry a parked event `p`. Those that only another
 * process handles are left to it; those that none handles any more fail, so that an operator sees them.
 */
export const isFor = (types: string): string => `(p.event->>'type' = any(${types})
  or not exists (select from platform.log_cursor f where f.consumer = p.consumer and p.event->>'type' = any(f.types)))`;

/** The key of an event's aggregate. */
export const keyOf = (event: LoggedEvent): string => `${event.aggregateType}:${event.aggregateId}`;

/** Keys of the aggregates of which this consumer has parked events. */
export async function parkedKeys(transaction: Kysely<any>, consumer: string): Promise<Set<string>> {
  const { rows } = await raw<{ key: string }>(
    transaction,
    `select distinct aggregate_key as key from platform.parked_event where consumer = $1`,
    [consumer],
  );
  return new Set(rows.map((row) => row.key));
}

/**
 * Parks an event that failed, or (without error) that waits: behind a parked one of its aggregate, or for a process that
 * handles its type.
 */
export async function park(
  transaction: Kysely<any>,
  consumer: string,
  event: LoggedEvent,
  error: Error | undefined,
  log: Logger,
): Promise<void> {
  await raw(
    transaction,
    `insert into platform.parked_event (consumer, aggregate_key, xid, position, event, state) values ($1, $2, $3, $4, $5, 'WAITING')`,
    [consumer, keyOf(event), event.xid, event.position, JSON.stringify(toRow(event))],
  );
  if (error) await retryLater(transaction, consumer, event, error, 1, log);
}

/**
 * Retries the oldest parked event of each aggregate, if due, for a process that handles these types; returns how many
 * succeeded. `prepare` takes the locks.
 */
export async function attemptParked(
  transaction: Kysely<any>,
  { consumer, types }: { consumer: string; types: readonly string[] },
  {
    prepare,
    apply,
  }: { prepare(events: readonly LoggedEvent[]): Promise<void>; apply(event: LoggedEvent): Promise<Error | undefined> },
  log: Logger,
): Promise<number> {
  const { rows } = await raw<{ key: string; event: EventRow; attempts: number } & Cursor>(
    transaction,
    `select p.aggregate_key as key, p.xid::text, p.position::text, p.event, p.attempts from platform.parked_event p
      where p.consumer = $1 and ${DUE} and ${isFor('$2')} order by p.xid, p.position limit 20`,
    [consumer, types],
  );
  const events = rows.map((row) => toEvent(row.event));
  await prepare(events);
  let resolved = 0;
  for (const [index, row] of rows.entries()) {
    const event = events[index]!;
    const error = await apply(event);
    if (error) await retryLater(transaction, consumer, event, error, row.attempts + 1, log);
    else resolved += await unpark(transaction, consumer, row.key, row);
  }
  return resolved;
}

/**
 * Milliseconds until a parked event of the consumer is due for a process that handles these types, at most zero if one
 * is; Infinity if none will be.
 */
export async function untilNextAttempt(
  kysely: Kysely<any>,
  { consumer, types }: { consumer: string; types: readonly string[] },
): Promise<number> {
  const { rows } = await raw<{ ms: number | null }>(
    kysely,
    `select (extract(epoch from min(p.next_at) - now()) * 1000)::float8 as ms from platform.parked_event p
      where p.consumer = $1 and ${TRIED_AGAIN} and ${isFor('$2')}`,
    [consumer, types],
  );
  return rows[0]!.ms ?? Infinity;
}

async function retryLater(
  transaction: Kysely<any>,
  consumer: string,
  event: LoggedEvent,
  error: Error,
  attempts: number,
  log: Logger,
): Promise<void> {
  const state = attempts >= MAX_ATTEMPTS ? 'DEAD' : 'WAITING';
  const delay = Math.min(60_000, 250 * 2 ** attempts) * (0.75 + Math.random() / 2);
  // No upsert: an event that an operator discards during the attempt must not come back.
  await raw(
    transaction,
    `update platform.parked_event
        set state = $5, attempts = $6, next_at = clock_timestamp() + $7 * interval '1 ms', error = $8
      where consumer = $1 and aggregate_key = $2 and xid = $3 and position = $4`,
    [consumer, keyOf(event), event.xid, event.position, state, attempts, delay, error.message.slice(0, 2000)],
  );
  if (state === 'DEAD') count('agora_consumer_events_total', { consumer, outcome: 'dead' });
  const { id, type, correlationId } = event;
  log.warn({ err: error, consumer, event: id, type, correlationId, attempts, state }, 'event parked');
}

async function unpark(transaction: Kysely<any>, consumer: string, key: string, at: Cursor): Promise<number> {
  const { count } = await raw(
    transaction,
    `delete from platform.parked_event where consumer = $1 and aggregate_key = $2 and xid = $3 and position = $4`,
    [consumer, key, at.xid, at.position],
  );
  // An operator discarded the event while its handler ran: the effect is rolled back.
  if (count !== 1) throw new Unavailable(`${key} was discarded meanwhile`);
  return 1;
}

/**
 * Redrives an aggregate for an operator from its oldest event, with all attempts anew. Returns how many events wait.
 */
export async function redrive(transaction: Kysely<any>, consumer: string, key: string): Promise<number> {
  const { count } = await raw(
    transaction,
    `update platform.parked_event set state = 'WAITING', attempts = 0, next_at = now()
      where consumer = $1 and aggregate_key = $2`,
    [consumer, key],
  );
  return count;
}

/** Discards one event for an operator; the later ones of its aggregate go on. Returns the event, if it was parked. */
export async function discard(
  transaction: Kysely<any>,
  consumer: string,
  eventId: string,
): Promise<{ key: string; event: EventRow } | undefined> {
  const { rows } = await raw<{ key: string; event: EventRow }>(
    transaction,
    `delete from platform.parked_event where consumer = $1 and event->>'id' = $2 returning aggregate_key as key, event`,
    [consumer, eventId],
  );
  return rows[0];
}
