/**
 * What a caller asks for about an account, in one transaction. It holds the lock of the caller's account beside that of
 * the one that is changed, and looks first whether the caller may still ask: their token was good when they asked, but
 * since then, while a hash was computed or a provider asked, their session may have been ended because it is a thief's,
 * or their role taken, and another gateway hears of it only after a moment. What is under way must not undo that. There
 * is no other way to this check than the one that takes the lock, without which two callers who shut each other out
 * would both pass.
 */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import type { Work } from '../../platform/store/store.ts';
import { Forbidden, Unauthenticated } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { Actor } from '../../platform/identity/actor.ts';
import { keyActor } from './api-keys/bounds.ts';
import { keysWithMakers } from './api-keys/queries.ts';
import type { Tables } from './entities.ts';

/** What is changed, and what it takes. */
export interface Change {
  /** Whose account it is. */
  of: string;
  /** The scope that the caller must still have. @default none: it is the caller's own account */
  needs?: string;
  /** What else is locked. */
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

  /** Whose lock a caller needs: agents, guests and nobody have no account, and must not wait for one another. */
  const ownLock = ({ id, sessionId, apiKeyId }: Actor): string[] => (sessionId || apiKeyId ? [id] : []);

  /** The caller as they stand now; of those without an account the token says it all. */
  const currentCaller = async (work: Work<Tables>, actor: Actor): Promise<Actor> => {
    if (actor.sessionId) return bySession(work, actor);
    return actor.apiKeyId ? byKey(work, actor) : actor;
  };

  return {
    /** @throws Unauthenticated if the caller was shut out meanwhile; Forbidden if they have not what it needs any more */
    change: <T>(
      { of, needs, locks = [] }: Change,
      context: RequestContext,
      then: (work: Work<Tables>, caller: Actor) => Promise<T>,
    ): Promise<T> =>
      store.write({ locks: [...ownLock(context.actor), of, ...locks], origin: context }, async (work) => {
        const caller = await currentCaller(work, context.actor);
        if (needs && !caller.may(needs)) throw new Forbidden();
        return then(work, caller);
      }),
  };
};

export type Callers = ReturnType<typeof callersOf>;
