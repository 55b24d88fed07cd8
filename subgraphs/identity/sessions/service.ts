/** The use cases of sessions, for users and for staff. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import { requireSession } from '../access.ts';
import type { Change } from '../callers.ts';
import { AccountSchema, type RevocationReason, type Tables } from '../entities.ts';
import type { SignInParts } from '../sign-in/service.ts';
import type { SignedIn } from './open-session.ts';
import type { WhichSessions } from './session-rules.ts';
import { hashOfToken, newRefreshToken } from './refresh-token.ts';

export const sessionService = (
  { store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>,
  { callers, sessions: { rules, answer }, record }: SignInParts,
) => {
  const end = (change: Change, which: WhichSessions, reason: RevocationReason, context: RequestContext) =>
    callers.change(change, context, async (work) => {
      const userId = change.of;
      const ended = await rules.revoke(work, which, reason, clock.now());
      const objectId = 'id' in which ? which.id : undefined;
      if (ended) await record(work, context, { action: 'SESSIONS_ENDED', userId, objectId, details: { ended } });
      return ended;
    });

  return {
    async refreshSession(refreshToken: string, context: RequestContext): Promise<SignedIn> {
      const invalid = refuse('INVALID_REFRESH_TOKEN', 'The refresh token is not good, or no longer: sign in again.', [
        'input',
        'refreshToken',
      ]);
      // A token never changes its session, nor a session its user, so the user to lock can be read before.
      const owner = await store.read
        .selectFrom('refresh_token')
        .innerJoin('session', 'session.id', 'refresh_token.sessionId')
        .select(['session.id', 'userId'])
        .where('hash', '=', hashOfToken(refreshToken))
        .executeTakeFirst();
      if (!owner) {
        count('agora_sign_ins_total', { method: 'refresh', outcome: 'refused' });
        throw invalid;
      }
      const successor = newRefreshToken();
      const rotated = await store.write({ locks: [owner.userId], origin: context }, async (work) => {
        const at = clock.now();
        const outcome = await rules.rotate(work, refreshToken, successor, at);
        if (outcome === 'REVOKED')
          await record(work, context, { action: 'REFRESH_TOKEN_REUSED', userId: owner.userId, objectId: owner.id });
        return outcome === 'ROTATED' ? { user: (await work.findIfAny(AccountSchema, owner.userId))!, at } : undefined;
      });
      count('agora_sign_ins_total', { method: 'refresh', outcome: rotated ? 'accepted' : 'refused' });
      // Thrown after the transaction: a stolen token must end its session, which a throw inside would undo.
      if (!rotated) throw invalid;
      return answer({ ...rotated, sessionId: owner.id, refreshToken: successor });
    },

    /** Ends the session of the caller's token. Returns whether there was a living one. */
    async signOut(context: RequestContext): Promise<boolean> {
      const { id, sessionId } = context.actor;
      if (!sessionId) return false;
      const ended = await store.write({ locks: [id], origin: context }, async (work) => {
        const count = await rules.revoke(work, { id: sessionId }, 'SIGNED_OUT', clock.now());
        if (count) await record(work, context, { action: 'SIGNED_OUT', userId: id, objectId: sessionId });
        return count;
      });
      return ended > 0;
    },

    /** Ends an own session, or for administrators any. Returns 1 if it was living, else 0. @throws Refusal NOT_FOUND */
    async revokeSession(id: string, context: RequestContext): Promise<number> {
      const { actor } = context;
      const session = await store.read.selectFrom('session').select('userId').where('id', '=', id).executeTakeFirst();
      const isOwn = session?.userId === actor.id && Boolean(actor.sessionId);
      if (!session || !(isOwn || actor.may('identity:admin')))
        throw refuse('NOT_FOUND', 'There is no such session, or it is not yours.', ['input', 'sessionId']);
      const of = session.userId;
      return isOwn
        ? end({ of }, { id }, 'ENDED_BY_USER', context)
        : end({ of, needs: 'identity:admin' }, { id }, 'ENDED_BY_STAFF', context);
    },

    /**
     * Ends all other sessions of the caller, and returns their number.
     * @throws Forbidden without a session, as for an API key
     */
    async revokeOtherSessions(context: RequestContext): Promise<number> {
      const { id } = context.actor;
      const sessionId = requireSession(context.actor);
      return end({ of: id }, { userId: id, but: sessionId }, 'ENDED_BY_USER', context);
    },

    /** Ends all sessions of a user, and returns their number. */
    revokeUserSessions: (userId: string, context: RequestContext): Promise<number> =>
      end({ of: userId, needs: 'identity:admin' }, { userId }, 'ENDED_BY_STAFF', context),
  };
};
