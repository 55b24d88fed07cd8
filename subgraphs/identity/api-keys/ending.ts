import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import type { Change } from '../callers.ts';
import type { Tables } from '../entities.ts';

/**
 * The change that ends a key, or its previous secret: for its owner, administrators, and the key itself, as a finder of
 * a leaked key can end it so.
 * @throws Refusal NOT_FOUND for others
 */
export async function endingOf(store: AgentContext<Tables>['store'], id: string, actor: Actor): Promise<Change> {
  const key = await store.read.selectFrom('api_key').select('userId').where('id', '=', id).executeTakeFirst();
  const isOwn = key?.userId === actor.id && (Boolean(actor.sessionId) || actor.apiKeyId === id);
  if (!key || !(isOwn || actor.may('identity:admin')))
    throw refuse('NOT_FOUND', 'There is no such key, or it is not yours.', ['input', 'id']);
  return isOwn ? { of: key.userId } : { of: key.userId, needs: 'identity:admin' };
}
