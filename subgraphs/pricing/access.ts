import type { Rows } from '../../platform/data/rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Of which variants an actor may set the prices, by their merchant: staff of all, a merchant of its own. */
export function writablePrices(actor: Actor): Rows {
  if (!actor.may('pricing:write')) return 'NONE';
  return actor.merchantId ? [{ merchant_id: actor.merchantId }] : 'ALL';
}
