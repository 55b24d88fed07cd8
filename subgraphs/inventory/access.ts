import { merchantRows } from '../../platform/data/merchant-rows.ts';
import type { RowFilter } from '../../platform/data/row-filter.ts';
import { Forbidden } from '../../platform/errors.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which levels and movements an actor sees: staff all, a merchant those of its own variants. */
export function readableStock(actor: Actor): RowFilter {
  return actor.may('inventory:read') ? 'ALL' : writableStock(actor);
}

/** Which stock an actor may change: staff all, a merchant that of its own variants. */
export const writableStock = (actor: Actor): RowFilter => merchantRows(actor, 'inventory:write');

const NEEDED =
  "Locations are the house's: to change them needs the scopes inventory:read and inventory:write, for every merchant.";

/** Locations belong to the house: a merchant keeps stock at them and does not change them. @throws Forbidden */
export function checkMayChangeLocations(actor: Actor): void {
  if (writableStock(actor) !== 'ALL') throw new Forbidden(NEEDED);
}
