import type { Kysely } from 'kysely';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import type { DemandLine } from '../domain.ts';
import { type CartLineRow, CartLineSchema, type CartRow, CartSchema, type Tables } from '../entities.ts';

const CART = columnsOf(CartSchema);
const LINE = columnsOf(CartLineSchema);

/** The lines of a cart as demand. A line from before carts stored titles is titled by its variant's id. */
export const demandOfCart = (rows: readonly CartLineRow[]): DemandLine[] =>
  rows.map(({ variantId, quantity, title }) => ({ variantId, quantity, title: title ?? variantId }));

/** The room's queries of carts. */
export const cartQueries = (db: Kysely<Tables>) => ({
  byIds: (ids: readonly string[]): Promise<CartRow[]> =>
    db
      .selectFrom('cart')
      .select(CART)
      .where('id', 'in', [...ids])
      .execute(),

  linesOf: (cartIds: readonly string[]): Promise<CartLineRow[]> =>
    db
      .selectFrom('cart_line')
      .select(LINE)
      .where('cartId', 'in', [...cartIds])
      .orderBy('cartId')
      .orderBy('position')
      .execute(),
});

/** Ids of carts that were last changed before that time, the oldest first. */
export const idleCarts = async (db: Kysely<Tables>, before: Date, limit: number): Promise<string[]> =>
  (
    await db
      .selectFrom('cart')
      .select('id')
      .where('updatedAt', '<', before)
      .orderBy('updatedAt')
      .orderBy('id')
      .limit(limit)
      .execute()
  ).map(({ id }) => id);

export type CartQueries = ReturnType<typeof cartQueries>;
