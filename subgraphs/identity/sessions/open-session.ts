/** Opens sessions, after every kind of authentication. */
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

/** The answer to an authenticated user. */
export interface SignedIn {
  accessToken: string;
  refreshToken: string;
  /** The expiry of the access token. */
  expiresAt: Date;
  user: UserRow;
}

/** A started session with its user, as of the transaction that started it, not as of the request. */
export interface Started {
  user: AccountRow;
  sessionId: string;
  refreshToken: string;
  /**
   * The time of the transaction, from which the access token counts: it never outlasts the record of the session's end.
   */
  at: Date;
}

/** The parts that opening a session calls. */
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

    /** Starts a session within a transaction that holds the lock of its user. `answer` makes the answer of it. */
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
     * Opens a session for an authenticated user; `within` runs in the same transaction.
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
      // Thrown after the transaction, so that the work within and the challenge stay.
      if (started instanceof Refusal) {
        count('agora_sign_ins_total', { method: 'second_factor', outcome: 'asked' });
        throw started;
      }
      return answer(started);
    },
  };
};

export type SessionOpener = ReturnType<typeof sessionOpener>;
