/** The use cases of second factors, for users and for staff who help a user that lost the app. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { Refusal, refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import { requireSession } from '../access.ts';
import type { IdentityVariables } from '../config.ts';
import { AccountSchema, type Tables } from '../entities.ts';
import type { SignedIn } from '../sessions/open-session.ts';
import type { WhichSessions } from '../sessions/session-rules.ts';
import type { SignInParts } from '../sign-in/service.ts';
import type { Challenges } from './challenges.ts';
import { checkReset } from './domain.ts';
import { enrolment, keepCodes } from './enrolment.ts';
import { proofOf } from './proof.ts';
import { newRecoveryCodes } from './recovery-codes.ts';

/** The parts that second factors call. */
export type SecondFactorParts = SignInParts & { challenges: Challenges };

const none = () => refuse('NOT_FOUND', 'There is no second factor.');

export const secondFactorService = (
  agentContext: AgentContext<Tables, IdentityVariables>,
  parts: SecondFactorParts,
) => {
  const { store, clock } = agentContext;
  const { accounts, callers, sessions, record, challenges } = parts;
  const prove = proofOf(agentContext, parts);

  const take = async (work: Work<Tables>, userId: string, which: WhichSessions): Promise<void> => {
    const removed = work.sql
      .deleteFrom('second_factor')
      .where('userId', '=', userId)
      .where('confirmedAt', 'is not', null);
    if ((await removed.executeTakeFirst()).numDeletedRows === 0n) throw none();
    await sessions.rules.revoke(work, which, 'SECOND_FACTOR_CHANGED', clock.now());
  };

  /** The signed-in user with a second factor. @throws Refusal NOT_FOUND */
  const owner = async (context: RequestContext) => {
    const but = requireSession(context.actor);
    const { id } = context.actor;
    const factor = store.read.selectFrom('second_factor').select('userId').where('userId', '=', id);
    if (!(await factor.where('confirmedAt', 'is not', null).executeTakeFirst())) throw none();
    return { user: (await accounts.find('id', id))!, but };
  };

  return {
    ...enrolment(agentContext, parts),

    /** Opens the session of a user who has proven the first factor, and now the second. @throws Refusal */
    async completeSignIn(
      { challenge, code }: { challenge: string; code: string },
      context: RequestContext,
    ): Promise<SignedIn> {
      const user = (await accounts.find('id', await challenges.ownerOf(challenge)))!;
      await accounts.ensureCustomer(user, context);
      const counted = (outcome: string) => count('agora_sign_ins_total', { method: 'second_factor', outcome });
      try {
        const started = await prove(user, code, context, async (work, by) => {
          await challenges.use(work, challenge);
          return sessions.start(work, user.id, 'SIGNED_IN', context, { secondFactor: by });
        });
        counted('accepted');
        return await sessions.answer(started);
      } catch (error) {
        if (error instanceof Refusal) counted('refused');
        throw error;
      }
    },

    /** Ends all other sessions. @throws Refusal NOT_FOUND, INVALID_SECOND_FACTOR, TOO_MANY_ATTEMPTS */
    async disableTotp(code: string, context: RequestContext): Promise<void> {
      const { user, but } = await owner(context);
      await prove(user, code, context, async (work, by) => {
        await take(work, user.id, { userId: user.id, but });
        await record(work, context, { action: 'SECOND_FACTOR_REMOVED', userId: user.id, details: { by } });
      });
    },

    /**
     * Makes ten new codes; older ones are no longer good.
     * @throws Refusal NOT_FOUND, INVALID_SECOND_FACTOR, TOO_MANY_ATTEMPTS
     */
    async replaceRecoveryCodes(code: string, context: RequestContext): Promise<{ recoveryCodes: string[] }> {
      const { user } = await owner(context);
      const codes = await newRecoveryCodes();
      await prove(user, code, context, async (work) => {
        await keepCodes(work, user.id, codes);
        await record(work, context, { action: 'RECOVERY_CODES_REPLACED', userId: user.id });
      });
      return { recoveryCodes: codes.shown };
    },

    /**
     * Removes a lost factor, and ends all sessions of the account.
     * @throws Forbidden, Refusal NOT_FOUND, INVALID_STATE
     */
    async resetSecondFactor(userId: string, context: RequestContext): Promise<void> {
      requireSession(context.actor);
      await callers.change({ of: userId, needs: 'identity:write' }, context, async (work, caller) => {
        const user = await work.find(AccountSchema, userId, { path: ['input', 'userId'] });
        checkReset(user, caller);
        await take(work, userId, { userId });
        const roles = [...caller.roles];
        await record(work, context, { action: 'SECOND_FACTOR_REMOVED', userId, details: { by: 'STAFF', roles } });
      });
    },
  };
};
