import { merchantRows } from '../../platform/data/merchant-rows.ts';
import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Of which variants an actor sees all prices, by their merchant: staff of all, a merchant of its own. */
export const readablePrices = (actor: Actor): RowFilter => (actor.may('pricing:read') ? 'ALL' : writablePrices(actor));

/** Of which variants an actor may set the prices, by their merchant: staff of all, a merchant of its own. */
export const writablePrices = (actor: Actor): RowFilter => merchantRows(actor, 'pricing:write');
