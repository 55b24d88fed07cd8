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

/** What became of a reservation. It is read only if it is asked for: a saga asks for the user errors alone. */
export interface ReservationPayloadRow {
  reservationId?: string;
  userErrors: UserError[];
}

/** Reads of reservations, for agents: whosever they are. */
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
