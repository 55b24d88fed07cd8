import type { Kysely } from 'kysely';
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
}

const CART = ['id', 'customer_id', 'channel_id', 'currency', 'order_id', 'version', 'updated_at'] as const;

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
      .select(['cart_id', 'variant_id', 'quantity'])
      .where('cart_id', 'in', [...cartIds])
      .orderBy('cart_id')
      .orderBy('position')
      .execute(),
});

export type CartQueries = ReturnType<typeof cartQueries>;
