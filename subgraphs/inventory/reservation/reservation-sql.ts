/**
 * Plain SQL, for the hot path: a reservation costs the same few statements, each of several parts, however many lines
 * it has. Every transaction that takes units away, here or by a correction, holds the lock `stock:<variant>` from its
 * first statement; giving units back needs none, since it makes no decision wrong. Row locks are taken in one order,
 * variant and location, so that statements never deadlock.
 */
import { type Kysely, sql } from 'kysely';
import type { ReservationRow, Tables } from '../entities.ts';
import type { Allocation, FreeStock } from './domain.ts';

/** The state on which a reservation is decided. */
export interface Standing {
  /** The reservation that this reference already has. */
  reservation: (Pick<ReservationRow, 'id' | 'status'> & { lines: Allocation[] }) | null;
  /** Free units of the variants at active locations. */
  stock: FreeStock[];
}

/** Reads the reservation of a reference, and the free units. */
export async function standingOf(
  db: Kysely<Tables>,
  reference: string,
  variantIds: readonly string[],
): Promise<Standing> {
  const { rows } = await sql<Standing>`
    select (select jsonb_build_object('id', r.id, 'status', r.status, 'lines',
                     (select coalesce(jsonb_agg(jsonb_build_object('variantId', n.variant_id, 'locationId', n.location_id,
                                                                   'quantity', n.quantity)), '[]')
                        from inventory.reservation_line n where n.reservation_id = r.id))
              from inventory.reservation r where r.reference = ${reference}) as reservation,
           (select coalesce(jsonb_agg(jsonb_build_object('variantId', l.variant_id, 'locationId', l.location_id,
                                                         'priority', p.priority, 'available', l.on_hand - l.reserved)), '[]')
              from inventory.stock_level l join inventory.location p on p.id = l.location_id
             where l.variant_id = any(${variantIds}::text[]) and p.active and l.on_hand > l.reserved) as stock`.execute(
    db,
  );
  return rows[0]!;
}

/** A reservation about to be written. */
export interface NewReservation extends Pick<ReservationRow, 'id' | 'reference' | 'expiresAt' | 'decisionId'> {
  now: Date;
  lines: readonly Allocation[];
}

/** Writes a reservation and takes its units where they are still free. Returns the number of lines that were taken. */
export async function take(
  db: Kysely<Tables>,
  { id, reference, expiresAt, decisionId, now, lines }: NewReservation,
): Promise<number> {
  const { rows } = await sql<{ taken: number }>`
    with line as (
      select * from unnest(${lines.map((line) => line.variantId)}::text[], ${lines.map((line) => line.locationId)}::text[],
                           ${lines.map((line) => line.quantity)}::int[]) as given (variant_id, location_id, quantity)
    ), held as (
      select l.variant_id, l.location_id, line.quantity
        from inventory.stock_level l join line on (l.variant_id, l.location_id) = (line.variant_id, line.location_id)
       order by l.variant_id, l.location_id for update of l
    ), reservation as (
      insert into inventory.reservation (id, reference, status, expires_at, created_at, decision_id)
      values (${id}, ${reference}, 'ACTIVE', ${expiresAt}::timestamptz, ${now}::timestamptz, ${decisionId}::text)
    ), kept as (
      insert into inventory.reservation_line (reservation_id, variant_id, location_id, quantity)
      select ${id}, variant_id, location_id, quantity from line
    ), taken as (
      update inventory.stock_level l
         set reserved = l.reserved + held.quantity, version = l.version + 1, updated_at = ${now}::timestamptz
        from held
       where (l.variant_id, l.location_id) = (held.variant_id, held.location_id) and l.on_hand - l.reserved >= held.quantity
      returning 1
    )
    select count(*)::int as taken from taken`.execute(db);
  return rows[0]!.taken;
}

/** A reservation that was ended. */
export interface Closed extends Pick<ReservationRow, 'id' | 'reference' | 'version' | 'decisionId'> {
  lines: Allocation[];
}

/** Ends the active reservations of these references, and gives their units back. */
export async function giveBack(
  db: Kysely<Tables>,
  references: readonly string[],
  { status, now }: { status: 'RELEASED' | 'EXPIRED'; now: Date },
): Promise<Closed[]> {
  const { rows } = await sql<Closed>`
    with closed as (
      update inventory.reservation set status = ${status}, closed_at = ${now}::timestamptz, version = version + 1
       where reference = any(${references}::text[]) and status = 'ACTIVE'
      returning id, reference, version, decision_id
    ), line as (
      select n.* from inventory.reservation_line n join closed on closed.id = n.reservation_id
    ), freed as (
      select variant_id, location_id, sum(quantity)::int as quantity from line group by variant_id, location_id
    ), held as (
      select l.variant_id, l.location_id, freed.quantity
        from inventory.stock_level l join freed on (l.variant_id, l.location_id) = (freed.variant_id, freed.location_id)
       order by l.variant_id, l.location_id for update of l
    ), given_back as (
      update inventory.stock_level l
         set reserved = l.reserved - held.quantity, version = l.version + 1, updated_at = ${now}::timestamptz
        from held where (l.variant_id, l.location_id) = (held.variant_id, held.location_id)
    )
    select id, reference, version, decision_id as "decisionId",
           (select jsonb_agg(jsonb_build_object('variantId', variant_id, 'locationId', location_id, 'quantity', quantity)
                             order by variant_id, location_id)
              from line where line.reservation_id = closed.id) as lines
      from closed order by id`.execute(db);
  return rows;
}

/** Forbids later reservations for a reference, unless it has one already. */
export async function forbid(
  db: Kysely<Tables>,
  { id, reference, now }: { id: string; reference: string; now: Date },
): Promise<void> {
  await db
    .insertInto('reservation')
    .values({ id, reference, status: 'RELEASED', createdAt: now, closedAt: now })
    .onConflict((conflict) => conflict.column('reference').doNothing())
    .execute();
}
