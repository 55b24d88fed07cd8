/** Enrolment of a second factor: begun with a fresh proof of the first, and confirmed with a code. */
import { Secret } from 'otpauth';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { requireSession } from '../access.ts';
import { emailKey } from '../domain.ts';
import type { IdentityVariables } from '../config.ts';
import type { AccountRow, Tables } from '../entities.ts';
import { notVerified } from '../recovery/not-verified.ts';
import { isPassword } from '../passwords/password.ts';
import { hasJustSignedIn } from '../sessions/recent.ts';
import { ENROLMENT_MS, readCode } from './domain.ts';
import { RecoveryCodeSchema } from './entities.ts';
import { sealedFor, wrongCode } from './proof.ts';
import { newRecoveryCodes, type RecoveryCodes } from './recovery-codes.ts';
import type { SecondFactorParts } from './service.ts';
import { stepOf, uriOf } from './totp.ts';

/** The data for an authenticator app, shown once. */
export interface Enrolment {
  secret: string;
  uri: string;
  expiresAt: Date;
}

const hasOne = () =>
  refuse('INVALID_STATE', 'You have a second factor: take it away with `disableTotp` to add another.');
const wrongPassword = () =>
  refuse('INVALID_CREDENTIALS', 'The current password is wrong.', ['input', 'currentPassword']);
const notBegun = () => refuse('INVALID_STATE', 'There is nothing to confirm, or no longer: begin with `enrollTotp`.');

/** Replaces all recovery codes of a user. */
export async function keepCodes(work: Work<Tables>, userId: string, { salt, hashes }: RecoveryCodes): Promise<void> {
  await work.sql.deleteFrom('recovery_code').where('userId', '=', userId).execute();
  await work.sql.updateTable('second_factor').set({ recoverySalt: salt }).where('userId', '=', userId).execute();
  await work.insert(RecoveryCodeSchema, ...hashes.map((hash) => ({ userId, hash })));
}

export const enrolment = (
  {
    store,
    clock,
    secrets,
    config,
  }: Pick<AgentContext<Tables, IdentityVariables>, 'store' | 'clock' | 'secrets' | 'config'>,
  { accounts, attempts, callers, sessions, record }: SecondFactorParts,
) => {
  /**
   * Proves that the caller is the owner, not the finder of a session. Returns work to do in the transaction of the
   * change.
   */
  const reauthenticate = async (user: AccountRow, password: string | null | undefined, context: RequestContext) => {
    const isRecent = await hasJustSignedIn({ store, clock }, context.actor);
    if (password == null && isRecent) return async () => {};
    const path = ['input', 'currentPassword'];
    if (password == null)
      throw refuse('REAUTHENTICATION_REQUIRED', 'Give your password, or sign in again: it is some time ago.', path);
    const attempt = await attempts.begin(emailKey(user.email), context);
    if (!(await isPassword(user.passwordHash, password))) throw wrongPassword();
    return async (work: Work<Tables>) => {
      if (!(await accounts.isStillPassword(work, user, password))) throw wrongPassword();
      await attempts.takeBack(work, attempt);
    };
  };

  const pending = (sql: Work<Tables>['sql'], userId: string) =>
    sql
      .selectFrom('second_factor')
      .select(['secret', 'lastStep'])
      .where('userId', '=', userId)
      .where('confirmedAt', 'is', null)
      .where('begunAt', '>', new Date(clock.now().getTime() - ENROLMENT_MS))
      .executeTakeFirst();

  return {
    /**
     * Makes a secret, which has no effect until one of its codes is confirmed; it replaces an unconfirmed one. It needs
     * a verified address: otherwise an attacker could sign up with a victim's, and keep the victim out by a second
     * factor when the victim comes and sets a password.
     * @throws Refusal
     */
    async enrollTotp(currentPassword: string | null | undefined, context: RequestContext): Promise<Enrolment> {
      requireSession(context.actor);
      const user = (await accounts.find('id', context.actor.id))!;
      if (!user.emailVerifiedAt) throw notVerified();
      const proven = await reauthenticate(user, currentPassword, context);
      const secret = new Secret().base32;
      const now = clock.now();
      const isBegun = await callers.change({ of: user.id }, context, async (work) => {
        const begun = { secret: secrets.seal(secret, sealedFor(user.id)), begunAt: now, lastStep: 0 };
        const written = await work.sql
          .insertInto('second_factor')
          .values({ userId: user.id, ...begun })
          .onConflict((on) => on.column('userId').doUpdateSet(begun).where('second_factor.confirmedAt', 'is', null))
          .returning('userId')
          .executeTakeFirst();
        await proven(work);
        return written !== undefined;
      });
      // Thrown after the transaction, so that the success of the password stays recorded.
      if (!isBegun) throw hasOne();
      const expiresAt = new Date(now.getTime() + ENROLMENT_MS);
      return { secret, uri: uriOf(secret, user.email, config.TOTP_ISSUER), expiresAt };
    },

    /**
     * Confirms the factor, which is then required. All other sessions, which were begun without it, end.
     * @throws Refusal
     */
    async confirmTotp(code: string, context: RequestContext): Promise<{ recoveryCodes: string[] }> {
      const but = requireSession(context.actor);
      const { id } = context.actor;
      const { code: typed } = readCode(code);
      if (!(await pending(store.read, id))) throw notBegun();
      const codes = await newRecoveryCodes();
      await callers.change({ of: id }, context, async (work) => {
        const now = clock.now();
        const begun = await pending(work.sql, id);
        if (!begun) throw notBegun();
        const step = stepOf(secrets.open(begun.secret, sealedFor(id)), typed, now, begun.lastStep);
        if (step === undefined) throw wrongCode();
        const confirmed = { confirmedAt: now, lastStep: step, recoverySalt: codes.salt };
        await work.sql.updateTable('second_factor').set(confirmed).where('userId', '=', id).execute();
        await keepCodes(work, id, codes);
        await sessions.rules.revoke(work, { userId: id, but }, 'SECOND_FACTOR_CHANGED', now);
        await record(work, context, { action: 'SECOND_FACTOR_ADDED', userId: id });
      });
      return { recoveryCodes: codes.shown };
    },
  };
};
