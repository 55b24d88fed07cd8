import { Actor } from '../identity/actor.ts';
import type { RowFilter } from './row-filter.ts';

/**
 * Row filter for changes to merchants' data by an actor with the scope: a merchant has its own rows, staff and agents
 * have all, also staff who work for a merchant. A merchant's account without a merchant has none: it is not staff.
 * @param scope `<agent>:write`
 */
export function merchantRows(actor: Actor, scope: string): RowFilter {
  if (!actor.may(scope)) return 'NONE';
  if (!actor.merchantId && !actor.roles.has('MERCHANT')) return 'ALL';
  const others = [...actor.roles].filter((role) => role !== 'MERCHANT');
  if (new Actor({ id: actor.id, roles: others }).may(scope)) return 'ALL';
  return actor.merchantId ? [{ merchantId: actor.merchantId }] : 'NONE';
}
