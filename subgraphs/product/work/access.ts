import { matches, type RowFilter } from '../../../platform/data/row-filter.ts';
import { refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { writableProducts } from '../access.ts';

/** Whose files and jobs an actor sees: staff all, a merchant their own. */
export const readableWork = (actor: Actor): RowFilter => (actor.may('product:read') ? 'ALL' : writableWork(actor));

/** Whose files and jobs an actor may use and cancel: who may change every product all, a merchant their own. */
export function writableWork(actor: Actor): RowFilter {
  if (writableProducts(actor) === 'ALL') return 'ALL';
  return isMerchant(actor) ? [{ ownerId: actor.merchantId! }] : 'NONE';
}

/** The owner of an actor's new file or job: the merchant, or nobody where staff begin it. @throws Refusal INVALID_STATE */
export function ownerOfWork(actor: Actor): string | null {
  if (writableProducts(actor) === 'ALL') return null;
  if (isMerchant(actor)) return actor.merchantId!;
  throw refuse('INVALID_STATE', 'Your account belongs to no merchant yet: ask an administrator to name one.');
}

const isMerchant = (actor: Actor): boolean =>
  actor.merchantId !== undefined && matches({ merchantId: actor.merchantId }, writableProducts(actor));
