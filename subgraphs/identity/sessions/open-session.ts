/** Sessions begin here, however somebody has proven who they are. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { Refusal } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import type { Deed, Recorder } from '../audit/record.ts';
import type { Accounts } from '../accounts.ts';
import { claimsOf } from '../domain.ts';
import type { IdentityVariables } from '../config.ts';
import { type AccountRow, AccountSchema, type Tables, type UserRow } from '../entities.ts';
import type { Challenges } from '../second-factor/challenges.ts';
import type { SignInAttempts } from '../sign-in/attempts.ts';
import { newRefreshToken } from './refresh-token.ts';
import { type SessionTraits, sessionRules } from './session-rules.ts';
import { kept, truncated } from './traits.ts';

/** What a user gets who has proven who they are. */
export interface SignedIn {
  accessToken: string;
  refreshToken: string;
  /** Of the access token. */
  expiresAt: Date;
  user: UserRow;
}

/** A session that has begun, and whose: as they are in the transaction that began it, not as they were when they asked. */
export interface Started {
  user: AccountRow;
  sessionId: string;
  refreshToken: string;
  /** When, by the transaction: the access token counts from then, so that it never outlasts what is remembered of the session's end. */
  at: Date;
}

/** What sessions are opened with. */
export interface OpenerParts {
  accounts: Accounts;
  attempts: SignInAttempts;
  record: Recorder;
  challenges: Challenges;
}

export const sessionOpener = (
  {
    store,
    clock,
    config,
    tokens,
  }: Pick<AgentContext<Tables, IdentityVariables>, 'store' | 'clock' | 'config' | 'tokens'>,
  { accounts, attempts, record, challenges }: OpenerParts,
) => {
  const rules = sessionRules(config);

  const traitsOf = ({ client }: RequestContext): SessionTraits => ({
    userAgent: kept(client?.userAgent),
    address: truncated(client?.address),
    addressKey: attempts.addressKey(client) ?? null,
  });

  const answer = async ({ user, sessionId, refreshToken, at }: Started): Promise<SignedIn> => {
    const { token, expiresAt } = await tokens.sign(claimsOf(user, sessionId), config.ACCESS_TOKEN_SECONDS, at);
    return { accessToken: token, refreshToken, expiresAt, user };
  };

  return {
    rules,
    answer,

    /** Starts a session within a transaction that holds the lock of its user. What is returned makes the answer of it. */
    async start(
      work: Work<Tables>,
      userId: string,
      reason: 'SIGNED_UP' | 'SIGNED_IN',
      context: RequestContext,
      details: Deed['details'] = {},
    ): Promise<Started> {
      const [sessionId, refreshToken, at] = [newId('session'), newRefreshToken(), clock.now()];
      const session = { id: sessionId, userId, reason, traits: traitsOf(context) };
      await rules.start(work, session, refreshToken, at);
      await record(work, context, { action: reason, userId, objectId: sessionId, details });
      return { user: (await work.findIfAny(AccountSchema, userId))!, sessionId, refreshToken, at };
    },

    /**
     * A session for somebody who has proven who they are; `within` is done in the same transaction.
     * @throws Refusal SECOND_FACTOR_REQUIRED, with a challenge, if the user has one: then there is no session yet
     */
    async open(
      user: AccountRow,
      context: RequestContext,
      within: (work: Work<Tables>) => Promise<void>,
    ): Promise<SignedIn> {
      await accounts.ensureCustomer(user, context);
      const started = await store.write({ locks: [user.id], origin: context }, async (work) => {
        await within(work);
        const asked = await challenges.askFor(work, user.id);
        if (!asked) return this.start(work, user.id, 'SIGNED_IN', context);
        await record(work, context, { action: 'SECOND_FACTOR_ASKED', userId: user.id });
        return asked;
      });
      // Refused only now: what was done within stays, and so does the challenge.
      if (started instanceof Refusal) {
        count('agora_sign_ins_total', { method: 'second_factor', outcome: 'asked' });
        throw started;
      }
      return answer(started);
    },
  };
};

export type SessionOpener = ReturnType<typeof sessionOpener>;
