import type { Kysely } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { UserError } from '../../../platform/errors.ts';
import {
  type ReservationLineRow,
  ReservationLineSchema,
  type ReservationRow,
  ReservationSchema,
  type Tables,
} from '../entities.ts';

/** The payload of a reservation, which is read only if its field is selected: a saga selects the user errors alone. */
export interface ReservationPayloadRow {
  reservationId?: string;
  userErrors: UserError[];
}

/** Queries of reservations, for agents, without a row filter. */
export const reservationQueries = (db: Kysely<Tables>) => ({
  byId: (id: string): Promise<ReservationRow | undefined> =>
    db.selectFrom('reservation').select(columnsOf(ReservationSchema)).where('id', '=', id).executeTakeFirst(),

  linesOf: (reservationIds: readonly string[]): Promise<ReservationLineRow[]> =>
    db
      .selectFrom('reservation_line')
      .select(columnsOf(ReservationLineSchema))
      .where('reservationId', 'in', [...reservationIds])
      .orderBy('variantId')
      .orderBy('locationId')
      .execute(),
});
