import type { Kysely } from 'kysely';
import type { DemandLine } from '../domain.ts';
import type { Tables } from '../entities.ts';

/** A cart as the graph reads it. */
export interface CartRow {
  id: string;
  customer_id: string | null;
  channel_id: string;
  currency: string;
  order_id: string | null;
  version: number;
  updated_at: Date;
}

/** A line of a cart. */
export interface CartLineRow {
  cart_id: string;
  variant_id: string;
  quantity: number;
  title: string | null;
}

const CART = ['id', 'customer_id', 'channel_id', 'currency', 'order_id', 'version', 'updated_at'] as const;

/** The lines of a cart as what is ordered. Those from before carts kept titles are called by their variant's id. */
export const demandOfCart = (rows: readonly CartLineRow[]): DemandLine[] =>
  rows.map(({ variant_id, quantity, title }) => ({ variantId: variant_id, quantity, title: title ?? variant_id }));

/** The room's reads of carts. */
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
      .select(['cart_id', 'variant_id', 'quantity', 'title'])
      .where('cart_id', 'in', [...cartIds])
      .orderBy('cart_id')
      .orderBy('position')
      .execute(),
});

/** Carts that nobody has changed since, the oldest first. */
export const idleCarts = async (db: Kysely<Tables>, before: Date, limit: number): Promise<string[]> =>
  (
    await db
      .selectFrom('cart')
      .select('id')
      .where('updated_at', '<', before)
      .orderBy('updated_at')
      .orderBy('id')
      .limit(limit)
      .execute()
  ).map(({ id }) => id);

export type CartQueries = ReturnType<typeof cartQueries>;
