/** Tokens that are sent by mail: sealed until then, and used once. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { hashOfToken, newRefreshToken } from '../sessions/refresh-token.ts';
import { type RecoveryPurpose, RecoveryTokenSchema } from './entities.ts';
import { recoveryRequested } from './events.ts';

/** The lifetimes of tokens. */
const SECONDS: Record<RecoveryPurpose, number> = { VERIFY_EMAIL: 3 * 86_400, RESET_PASSWORD: 1800 };

/** The context with which a token is sealed; notification opens it with the same. */
const contextOf = (id: string): string => `recovery:${id}`;

const invalid = () =>
  refuse('INVALID_RECOVERY_TOKEN', 'The token is not good, or no longer: ask for a new mail.', ['input', 'token']);

export const recoveryTokens = ({
  clock,
  secrets,
  store,
}: Pick<AgentContext<Tables>, 'clock' | 'secrets' | 'store'>) => {
  /** Invalidates older tokens: a user who asks again may fear that someone read the mail before. */
  const supersede = ({ sql }: Work<Tables>, userId: string | null, purpose: RecoveryPurpose) =>
    sql
      .updateTable('recovery_token')
      .set({ usedAt: clock.now() })
      .where('userId', '=', userId)
      .where('purpose', '=', purpose)
      .where('usedAt', 'is', null)
      .execute();

  return {
    /**
     * Makes a token and asks for the mail, within a transaction that holds the lock of its owner: older tokens are no
     * longer good. Without an account it does the same, but no mail is sent.
     */
    async issue(work: Work<Tables>, purpose: RecoveryPurpose, userId: string | null): Promise<void> {
      const [id, token, now] = [newId('recovery'), newRefreshToken(), clock.now()];
      const sealed = secrets.seal(token, contextOf(id));
      const expiresAt = new Date(now.getTime() + SECONDS[purpose] * 1000);
      await supersede(work, userId, purpose);
      const row = { id, purpose, userId, hash: hashOfToken(token), sealed, createdAt: now, expiresAt };
      await work.insert(RecoveryTokenSchema, row);
      work.publish(recoveryRequested, { aggregateId: id, aggregateVersion: 1, payload: { recoveryId: id, purpose } });
    },

    /** The owner of a good token. @throws Refusal INVALID_RECOVERY_TOKEN */
    async ownerOf(token: string, purpose: RecoveryPurpose): Promise<string> {
      const row = await store.read
        .selectFrom('recovery_token')
        .select('userId')
        .where('hash', '=', hashOfToken(token))
        .where('purpose', '=', purpose)
        .where('usedAt', 'is', null)
        .where('expiresAt', '>', clock.now())
        .executeTakeFirst();
      if (!row?.userId) throw invalid();
      return row.userId;
    },

    /** Uses a token up. @throws Refusal INVALID_RECOVERY_TOKEN if another request was faster */
    async use({ sql }: Work<Tables>, token: string): Promise<void> {
      const update = sql.updateTable('recovery_token').set({ usedAt: clock.now() }).where('usedAt', 'is', null);
      const used = await update.where('hash', '=', hashOfToken(token)).returning('id').executeTakeFirst();
      if (!used) throw invalid();
    },
  };
};

export type RecoveryTokens = ReturnType<typeof recoveryTokens>;
