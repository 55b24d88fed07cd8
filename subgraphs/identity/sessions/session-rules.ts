/** Changes of sessions, inside a transaction that holds the lock of their user. */
import type { Work } from '../../../platform/store/store.ts';
import type { IdentityVariables } from '../config.ts';
import { judgeToken } from '../domain.ts';
import { RefreshTokenSchema, type RevocationReason, type SessionRow, SessionSchema, type Tables } from '../entities.ts';
import { sessionRevoked, sessionStarted } from '../events.ts';
import { endPendingAccess } from './secure-account.ts';
import { hashOfToken } from './refresh-token.ts';

/** A session is started once and revoked at most once: these are its versions. */
const STARTED = 1;
const REVOKED = 2;

/** The traits by which its owner recognises a session. */
export type SessionTraits = Pick<SessionRow, 'userAgent' | 'address' | 'addressKey'>;

/** The sessions to end. */
export type WhichSessions = { id: string } | { userId: string; but?: string };

export const sessionRules = ({
  REFRESH_TOKEN_SECONDS,
  REFRESH_GRACE_SECONDS,
}: Pick<IdentityVariables, 'REFRESH_TOKEN_SECONDS' | 'REFRESH_GRACE_SECONDS'>) => {
  const expiry = (now: Date): Date => new Date(now.getTime() + REFRESH_TOKEN_SECONDS * 1000);

  const addToken = (work: Work<Tables>, sessionId: string, token: string, now: Date) =>
    work.insert(RefreshTokenSchema, { hash: hashOfToken(token), sessionId, issuedAt: now, expiresAt: expiry(now) });

  return {
    /** Starts a session with its first refresh token. */
    async start(
      work: Work<Tables>,
      start: { id: string; userId: string; reason: 'SIGNED_UP' | 'SIGNED_IN'; traits: SessionTraits },
      token: string,
      now: Date,
    ): Promise<void> {
      const { id, userId, reason, traits } = start;
      const times = { startedAt: now, lastUsedAt: now, expiresAt: expiry(now) };
      await work.insert(SessionSchema, { id, userId, ...traits, ...times });
      await addToken(work, id, token, now);
      work.publish(sessionStarted, {
        aggregateId: id,
        aggregateVersion: STARTED,
        payload: { sessionId: id, userId, reason },
      });
    },

    /** Replaces a refresh token by its successor, or ends the whole session of a stolen one. Returns the outcome. */
    async rotate(
      work: Work<Tables>,
      presented: string,
      successor: string,
      now: Date,
    ): Promise<'ROTATED' | 'REFUSED' | 'REVOKED'> {
      const token = await work.sql
        .selectFrom('refresh_token')
        .innerJoin('session', 'session.id', 'refresh_token.sessionId')
        .select(['sessionId', 'refresh_token.expiresAt', 'usedAt', 'revokedAt'])
        .where('hash', '=', hashOfToken(presented))
        .executeTakeFirst();
      const verdict = token ? judgeToken(token, now, REFRESH_GRACE_SECONDS * 1000) : 'REFUSE';
      if (verdict === 'REVOKE') {
        await this.revoke(work, { id: token!.sessionId }, 'TOKEN_REUSED', now);
        return 'REVOKED';
      }
      if (verdict === 'REFUSE') return 'REFUSED';
      await addToken(work, token!.sessionId, successor, now);
      await work.sql
        .updateTable('session')
        .set({ expiresAt: expiry(now), lastUsedAt: now })
        .where('id', '=', token!.sessionId)
        .execute();
      const used = work.sql.updateTable('refresh_token').set({ usedAt: now });
      await used.where('hash', '=', hashOfToken(presented)).where('usedAt', 'is', null).execute();
      return 'ROTATED';
    },

    /**
     * Ends one living session, or all of a user's together with all pending access to the account. Returns their
     * number.
     */
    async revoke(work: Work<Tables>, which: WhichSessions, reason: RevocationReason, now: Date): Promise<number> {
      const update = work.sql
        .updateTable('session')
        .set({ revokedAt: now, revokedReason: reason })
        .where('revokedAt', 'is', null);
      const chosen =
        'id' in which
          ? update.where('id', '=', which.id)
          : update
              .where('userId', '=', which.userId)
              .where('id', '<>', which.but ?? '')
              .where('expiresAt', '>', now);
      const revoked = await chosen.returning(['id', 'userId']).execute();
      if ('userId' in which) await endPendingAccess(work, which.userId, now);
      for (const { id, userId } of revoked) {
        work.publish(sessionRevoked, {
          aggregateId: id,
          aggregateVersion: REVOKED,
          payload: { sessionId: id, userId, reason },
        });
      }
      return revoked.length;
    },
  };
};
