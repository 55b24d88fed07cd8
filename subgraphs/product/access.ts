import { merchantRows } from '../../platform/data/merchant-rows.ts';
import { matches, type RowFilter } from '../../platform/data/row-filter.ts';
import { refuse } from '../../platform/errors.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { checkMerchantId } from '../../platform/identity/merchant-id.ts';

/** Which products an actor sees: staff all, everybody those for sale, a merchant also its own. */
export function readableProducts(actor: Actor): RowFilter {
  // An actor may read every product that it may change, such as one that it has just created.
  if (actor.may('product:read') || writableProducts(actor) === 'ALL') return 'ALL';
  const forSale = { status: 'ACTIVE' };
  return actor.merchantId ? [forSale, { merchantId: actor.merchantId }] : [forSale];
}

/** Which products an actor may change: staff all, a merchant its own. */
export const writableProducts = (actor: Actor): RowFilter => merchantRows(actor, 'product:write');

/** The merchant of a new product: the actor's own, or the one that staff name. @throws Refusal INVALID_INPUT */
export function ownerOfNew(actor: Actor, given: string | null | undefined): string {
  const path = ['input', 'merchantId'];
  if (given != null) checkMerchantId(given, path);
  const merchantId = given ?? actor.merchantId;
  if (!merchantId) throw refuse('INVALID_INPUT', 'Say whose it is: `merchantId`.', path);
  if (matches({ merchantId }, writableProducts(actor))) return merchantId;
  throw refuse('INVALID_INPUT', 'This is another merchant: give your own `merchantId`, or leave it out.', path);
}
