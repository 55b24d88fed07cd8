/** What happens to sessions inside a transaction that holds the lock of their user. */
import type { Work } from '../../../platform/store/store.ts';
import type { IdentityVariables } from '../config.ts';
import { judgeToken } from '../domain.ts';
import type { RevocationReason, Tables } from '../entities.ts';
import { sessionRevoked, sessionStarted } from '../events.ts';
import { endPendingAccess } from './secure-account.ts';
import { hashOfToken } from './refresh-token.ts';

/** A session is started once and revoked at most once: these are its versions. */
const STARTED = 1;
const REVOKED = 2;

/** What a session is recognised by. */
export interface SessionTraits {
  user_agent: string | null;
  address: string | null;
  address_key: string | null;
}

/** Which sessions are to end. */
export type WhichSessions = { id: string } | { userId: string; but?: string };

export const sessionRules = ({
  REFRESH_TOKEN_SECONDS,
  REFRESH_GRACE_SECONDS,
}: Pick<IdentityVariables, 'REFRESH_TOKEN_SECONDS' | 'REFRESH_GRACE_SECONDS'>) => {
  const expiry = (now: Date): Date => new Date(now.getTime() + REFRESH_TOKEN_SECONDS * 1000);

  const addToken = ({ sql }: Work<Tables>, sessionId: string, token: string, now: Date) =>
    sql
      .insertInto('refresh_token')
      .values({
        hash: hashOfToken(token),
        session_id: sessionId,
        issued_at: now,
        expires_at: expiry(now),
        used_at: null,
      })
      .execute();

  return {
    /** Starts a session with its first refresh token. */
    async start(
      work: Work<Tables>,
      start: { id: string; userId: string; reason: 'SIGNED_UP' | 'SIGNED_IN'; traits: SessionTraits },
      token: string,
      now: Date,
    ): Promise<void> {
      const { id, userId, reason, traits } = start;
      const session = {
        id,
        user_id: userId,
        ...traits,
        started_at: now,
        last_used_at: now,
        expires_at: expiry(now),
        revoked_at: null,
        revoked_reason: null,
      };
      await work.sql.insertInto('session').values(session).execute();
      await addToken(work, id, token, now);
      work.publish(sessionStarted, {
        aggregateId: id,
        aggregateVersion: STARTED,
        payload: { sessionId: id, userId, reason },
      });
    },

    /** Puts a successor in a refresh token's place; ends the whole session for one that was stolen. What it did. */
    async rotate(
      work: Work<Tables>,
      presented: string,
      successor: string,
      now: Date,
    ): Promise<'ROTATED' | 'REFUSED' | 'REVOKED'> {
      const token = await work.sql
        .selectFrom('refresh_token')
        .innerJoin('session', 'session.id', 'refresh_token.session_id')
        .select(['session.id as session_id', 'refresh_token.expires_at', 'used_at', 'revoked_at'])
        .where('hash', '=', hashOfToken(presented))
        .executeTakeFirst();
      const verdict = token ? judgeToken(token, now, REFRESH_GRACE_SECONDS * 1000) : 'REFUSE';
      if (verdict === 'REVOKE') {
        await this.revoke(work, { id: token!.session_id }, 'TOKEN_REUSED', now);
        return 'REVOKED';
      }
      if (verdict === 'REFUSE') return 'REFUSED';
      await addToken(work, token!.session_id, successor, now);
      await work.sql
        .updateTable('session')
        .set({ expires_at: expiry(now), last_used_at: now })
        .where('id', '=', token!.session_id)
        .execute();
      const used = work.sql.updateTable('refresh_token').set({ used_at: now });
      await used.where('hash', '=', hashOfToken(presented)).where('used_at', 'is', null).execute();
      return 'ROTATED';
    },

    /** Ends one session, or all of a user's, that have not been ended; with those, all that was begun to open the account. How many. */
    async revoke(work: Work<Tables>, which: WhichSessions, reason: RevocationReason, now: Date): Promise<number> {
      const update = work.sql
        .updateTable('session')
        .set({ revoked_at: now, revoked_reason: reason })
        .where('revoked_at', 'is', null);
      const chosen =
        'id' in which
          ? update.where('id', '=', which.id)
          : update
              .where('user_id', '=', which.userId)
              .where('id', '<>', which.but ?? '')
              .where('expires_at', '>', now);
      const revoked = await chosen.returning(['id', 'user_id']).execute();
      if ('userId' in which) await endPendingAccess(work, which.userId, now);
      for (const { id, user_id } of revoked) {
        work.publish(sessionRevoked, {
          aggregateId: id,
          aggregateVersion: REVOKED,
          payload: { sessionId: id, userId: user_id, reason },
        });
      }
      return revoked.length;
    },
  };
};
