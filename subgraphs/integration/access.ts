import { merchantRows } from '../../platform/data/merchant-rows.ts';
import { matches, type RowFilter } from '../../platform/data/row-filter.ts';
import { refuse } from '../../platform/errors.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { checkMerchantId } from '../../platform/identity/merchant-id.ts';

/** Row filter: the webhook endpoints that an actor may change. Staff change all, merchants their own. */
export const writableEndpoints = (actor: Actor): RowFilter => merchantRows(actor, 'integration:write');

/** Row filter: the webhook endpoints that an actor may see: those that it may change, and with the scope all. */
export const readableEndpoints = (actor: Actor): RowFilter =>
  actor.may('integration:read') ? 'ALL' : writableEndpoints(actor);

/**
 * The merchant of a new endpoint: the actor's own, or the one that staff name; null, which is the house, for staff who
 * name none. @throws Refusal INVALID_INPUT
 */
export function ownerOfNew(actor: Actor, given: string | null | undefined): string | null {
  const path = ['input', 'merchantId'];
  if (given != null) checkMerchantId(given, path);
  const rows = writableEndpoints(actor);
  const merchantId = given ?? (rows === 'ALL' ? null : (actor.merchantId ?? null));
  if (rows === 'ALL' || (merchantId !== null && matches({ merchantId }, rows))) return merchantId;
  if (given == null)
    throw refuse('INVALID_INPUT', 'You work for no merchant, so the endpoint would be nobody’s.', path);
  throw refuse('INVALID_INPUT', 'This is another merchant: give your own `merchantId`, or leave it out.', path);
}
