import { Actor } from '../identity/actor.ts';
import type { RowFilter } from './row-filter.ts';

/**
 * Which rows of merchants an actor may change who holds a scope for it: a merchant its own, staff and agents all, also
 * those who work for a merchant besides. A merchant's account without a merchant owns nothing; it must not pass for staff.
 * @param scope `<agent>:write`
 */
export function merchantRows(actor: Actor, scope: string): RowFilter {
  if (!actor.may(scope)) return 'NONE';
  if (!actor.merchantId && !actor.roles.has('MERCHANT')) return 'ALL';
  const others = [...actor.roles].filter((role) => role !== 'MERCHANT');
  if (new Actor({ id: actor.id, roles: others }).may(scope)) return 'ALL';
  return actor.merchantId ? [{ merchantId: actor.merchantId }] : 'NONE';
}
