import { merchantRows } from '../../platform/data/merchant-rows.ts';
import type { Rows } from '../../platform/data/rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which products an actor sees: staff all, everybody those for sale, a merchant also its own. */
export function readableProducts(actor: Actor): Rows {
  if (actor.may('product:read')) return 'ALL';
  const forSale = { status: 'ACTIVE' };
  return actor.merchantId ? [forSale, { merchant_id: actor.merchantId }] : [forSale];
}

/** Which products an actor may change: staff all, a merchant its own. */
export const writableProducts = (actor: Actor): Rows => merchantRows(actor, 'product:write');
