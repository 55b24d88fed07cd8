import { merchantRows } from '../../platform/data/merchant-rows.ts';
import type { RowFilter } from '../../platform/data/row-filter.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Which variants' prices an actor sees in full, by the variants' merchant: staff all, a merchant those of its own. */
export const readablePrices = (actor: Actor): RowFilter => (actor.may('pricing:read') ? 'ALL' : writablePrices(actor));

/** Which variants' prices an actor may set, by the variants' merchant: staff all, a merchant those of its own. */
export const writablePrices = (actor: Actor): RowFilter => merchantRows(actor, 'pricing:write');
