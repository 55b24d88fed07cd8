import type { Actor } from '../identity/actor.ts';
import type { Rows } from './rows.ts';

/**
 * Which rows of merchants an actor may change who holds a scope for it: a merchant its own, staff and agents all. A
 * merchant's account without a merchant owns nothing; it must not pass for staff.
 * @param scope `<agent>:write`
 */
export function merchantRows(actor: Actor, scope: string): Rows {
  if (!actor.may(scope)) return 'NONE';
  if (actor.merchantId) return [{ merchant_id: actor.merchantId }];
  return actor.roles.has('MERCHANT') ? 'NONE' : 'ALL';
}
