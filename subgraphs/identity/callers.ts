/**
 * A change of an account by a caller, in one transaction. It holds the locks of the caller's account and of the changed
 * one, and checks first that the caller may still act: the token was good at the request, but since then, while a hash
 * was computed or a provider asked, the session may have been ended because it is a thief's, or the role taken, and
 * another gateway learns of it only after a moment. A request under way must not undo that. The check is only available
 * with the lock, without which two callers who shut each other out would both pass.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { Forbidden, Unauthenticated } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { Actor } from '../../platform/identity/actor.ts';
import { keyActor } from './api-keys/bounds.ts';
import { keysWithMakers } from './api-keys/queries.ts';
import type { Tables } from './entities.ts';

/** A change: its account, required scope and locks. */
export interface Change {
  /** The user whose account is changed. */
  of: string;
  /** The scope that the caller must still have. @default none: it is the caller's own account */
  needs?: string;
  /** Further locks. */
  locks?: readonly string[];
}

export const callersOf = ({ store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>) => {
  const bySession = async ({ sql }: Work<Tables>, { id, sessionId }: Actor): Promise<Actor> => {
    const account = await sql
      .selectFrom('session')
      .innerJoin('account', 'account.id', 'session.userId')
      .select('roles')
      .where('session.id', '=', sessionId!)
      .where('userId', '=', id)
      .where('revokedAt', 'is', null)
      .executeTakeFirst();
    if (!account) throw new Unauthenticated('The session was ended: sign in again.');
    return new Actor({ id, roles: account.roles, sessionId });
  };

  const byKey = async ({ sql }: Work<Tables>, { id, apiKeyId }: Actor): Promise<Actor> => {
    const key = await keysWithMakers(sql, clock.now())
      .where('api_key.id', '=', apiKeyId!)
      .where('userId', '=', id)
      .executeTakeFirst();
    if (!key) throw new Unauthenticated('The API key has expired or was revoked.');
    return keyActor(key);
  };

  /** The lock of a caller: agents, guests and anonymous callers have no account, and must not wait for one another. */
  const ownLock = ({ id, sessionId, apiKeyId }: Actor): string[] => (sessionId || apiKeyId ? [id] : []);

  /** The caller with present rights; for callers without an account those of the token. */
  const currentCaller = async (work: Work<Tables>, actor: Actor): Promise<Actor> => {
    if (actor.sessionId) return bySession(work, actor);
    return actor.apiKeyId ? byKey(work, actor) : actor;
  };

  return {
    /** @throws Unauthenticated if the caller was shut out meanwhile; Forbidden if the caller lost the required scope */
    change: <T>(
      { of, needs, locks = [] }: Change,
      context: RequestContext,
      then: (work: Work<Tables>, caller: Actor) => Promise<T>,
    ): Promise<T> =>
      store.write({ locks: [...ownLock(context.actor), of, ...locks], origin: context }, async (work) => {
        const caller = await currentCaller(work, context.actor);
        if (needs && !caller.may(needs)) throw new Forbidden(`This needs the scope ${needs}: you no longer have that.`);
        return then(work, caller);
      }),
  };
};

export type Callers = ReturnType<typeof callersOf>;
