/** Sessions begin here, however somebody has proven who they are. */
import type { Ground } from '../../../platform/agent/ground.ts';
import type { Work } from '../../../platform/data/store.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Recorder } from '../audit/record.ts';
import type { Accounts, Credentials } from '../accounts.ts';
import { claimsOf } from '../domain.ts';
import type { Tables } from '../entities.ts';
import type { UserRow } from '../queries.ts';
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

export const sessionOpener = (
  { store, clock, config, tokens }: Pick<Ground<Tables>, 'store' | 'clock' | 'config' | 'tokens'>,
  { accounts, attempts, record }: { accounts: Accounts; attempts: SignInAttempts; record: Recorder },
) => {
  const rules = sessionRules(config);

  const traitsOf = ({ client }: RequestContext): SessionTraits => ({
    user_agent: kept(client?.userAgent),
    address: truncated(client?.address),
    address_key: attempts.addressKey(client) ?? null,
  });

  const answer = async (user: Credentials, sessionId: string, refreshToken: string): Promise<SignedIn> => {
    const { token, expiresAt } = await tokens.sign(claimsOf(user, sessionId), config.ACCESS_TOKEN_SECONDS, clock.now());
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
    ): Promise<{ sessionId: string; refreshToken: string }> {
      const [sessionId, refreshToken] = [newId('session'), newRefreshToken()];
      const session = { id: sessionId, userId, reason, traits: traitsOf(context) };
      await rules.start(work, session, refreshToken, clock.now());
      await record(work, context, { action: reason, userId, objectId: sessionId });
      return { sessionId, refreshToken };
    },

    /** A session for somebody who has proven who they are; `within` is done in the same transaction. */
    async open(
      user: Credentials,
      context: RequestContext,
      within: (work: Work<Tables>) => Promise<void>,
    ): Promise<SignedIn> {
      await accounts.ensureCustomer(user, context);
      const started = await store.write({ locks: [user.id], origin: context }, async (work) => {
        await within(work);
        return this.start(work, user.id, 'SIGNED_IN', context);
      });
      return answer(user, started.sessionId, started.refreshToken);
    },
  };
};

export type SessionOpener = ReturnType<typeof sessionOpener>;
