import { merchantRows } from '../../platform/data/merchant-rows.ts';
import type { Rows } from '../../platform/data/rows.ts';
import type { Actor } from '../../platform/identity/actor.ts';

/** Of which variants an actor sees all prices, by their merchant: staff of all, a merchant of its own. */
export const readablePrices = (actor: Actor): Rows => (actor.may('pricing:read') ? 'ALL' : writablePrices(actor));

/** Of which variants an actor may set the prices, by their merchant: staff of all, a merchant of its own. */
export const writablePrices = (actor: Actor): Rows => merchantRows(actor, 'pricing:write');
