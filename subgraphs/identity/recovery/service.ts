/** The use cases of recovery: verify an e-mail address, reset a forgotten password, change a known one. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { requireSession } from '../access.ts';
import { revokeKeys } from '../api-keys/revoke.ts';
import { emailKey } from '../domain.ts';
import { AccountSchema, type Tables } from '../entities.ts';
import { hashPassword, isPassword } from '../passwords/password.ts';
import { checkNewPassword } from '../passwords/policy.ts';
import { removeIdentities } from '../providers/identities.ts';
import type { ResetPasswordInput } from '../resolvers.generated.ts';
import type { SignInParts } from '../sign-in/service.ts';
import type { RecoveryTokens } from './tokens.ts';

/** The parts that recovery calls. */
export type RecoveryParts = SignInParts & { recovery: RecoveryTokens };

const wrong = () => refuse('INVALID_CREDENTIALS', 'The current password is wrong.', ['input', 'currentPassword']);

export const recoveryService = (
  { store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>,
  { accounts, attempts, callers, sessions, record, recovery }: RecoveryParts,
) => ({
  /** The same answer, work and limit whether there is such an account or not. @throws Refusal TOO_MANY_ATTEMPTS */
  async requestPasswordReset(email: string, context: RequestContext): Promise<void> {
    const user = await accounts.find('emailKey', emailKey(email));
    const attempt = await attempts.begin(`reset ${emailKey(email)}`, context);
    const deed = { userId: user?.id, details: { asked: attempt.account } };
    // An unknown account is locked too, so that it cannot be told apart.
    await store.write({ locks: [user?.id ?? attempt.account], origin: context }, async (work) => {
      await recovery.issue(work, 'RESET_PASSWORD', user?.id ?? null);
      await record(work, context, { action: 'PASSWORD_RESET_REQUESTED', ...deed });
    });
  },

  /**
   * Ends all sessions of the account, and verifies its address. A forgotten password may have been stolen, and the
   * thief may have made a key or linked an identity with it: these end too, unless the owner asks to keep them. A first
   * password ends neither: there was none to lose.
   * @throws Refusal INVALID_RECOVERY_TOKEN, WEAK_PASSWORD
   */
  async resetPassword(
    { token, password, keepApiKeys, keepIdentities }: ResetPasswordInput,
    context: RequestContext,
  ): Promise<void> {
    const userId = await recovery.ownerOf(token, 'RESET_PASSWORD');
    const user = (await accounts.find('id', userId))!;
    checkNewPassword(password, user);
    const passwordHash = await hashPassword(password);
    await store.write({ locks: [userId], origin: context }, async (work) => {
      const now = clock.now();
      await recovery.use(work, token);
      const hadPassword = (await work.findIfAny(AccountSchema, userId))!.passwordHash !== null;
      const identities = hadPassword && !keepIdentities ? await removeIdentities(work, userId) : [];
      const apiKeys = hadPassword && !keepApiKeys ? await revokeKeys(work, { userId }, now) : [];
      await work.sql
        .updateTable('account')
        .set((eb) => ({ passwordHash, emailVerifiedAt: eb.fn.coalesce('emailVerifiedAt', eb.val(now)) }))
        .where('id', '=', userId)
        .execute();
      await sessions.rules.revoke(work, { userId }, 'PASSWORD_RESET', now);
      await attempts.forget(work, user.email);
      await record(work, context, { action: 'PASSWORD_RESET', userId });
      for (const { id: objectId, provider } of identities)
        await record(work, context, { action: 'IDENTITY_UNLINKED', userId, objectId, details: { provider } });
      for (const objectId of apiKeys) await record(work, context, { action: 'API_KEY_REVOKED', userId, objectId });
    });
  },

  /** Ends all other sessions. @throws Refusal INVALID_CREDENTIALS, WEAK_PASSWORD, TOO_MANY_ATTEMPTS */
  async changePassword(
    { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
    context: RequestContext,
  ): Promise<void> {
    const but = requireSession(context.actor);
    const user = (await accounts.find('id', context.actor.id))!;
    checkNewPassword(newPassword, user, 'newPassword');
    const attempt = await attempts.begin(emailKey(user.email), context);
    if (!(await isPassword(user.passwordHash, currentPassword))) throw wrong();
    const passwordHash = await hashPassword(newPassword);
    await callers.change({ of: user.id }, context, async (work) => {
      if (!(await accounts.isStillPassword(work, user, currentPassword))) throw wrong();
      await attempts.takeBack(work, attempt);
      await work.sql.updateTable('account').set({ passwordHash }).where('id', '=', user.id).execute();
      await sessions.rules.revoke(work, { userId: user.id, but }, 'PASSWORD_CHANGED', clock.now());
      await record(work, context, { action: 'PASSWORD_CHANGED', userId: user.id });
    });
  },

  /** Asks for the mail once more. Does nothing if the address is verified. @throws Refusal TOO_MANY_ATTEMPTS */
  async requestEmailVerification(context: RequestContext): Promise<void> {
    requireSession(context.actor);
    const { id } = context.actor;
    const user = await store.read
      .selectFrom('account')
      .select('emailVerifiedAt')
      .where('id', '=', id)
      .executeTakeFirst();
    if (!user || user.emailVerifiedAt) return;
    await attempts.begin(`verify ${id}`, context);
    await callers.change({ of: id }, context, (work) => recovery.issue(work, 'VERIFY_EMAIL', id));
  },

  /** @throws Refusal INVALID_RECOVERY_TOKEN */
  async verifyEmail(token: string, context: RequestContext): Promise<void> {
    const userId = await recovery.ownerOf(token, 'VERIFY_EMAIL');
    await store.write({ locks: [userId], origin: context }, async (work) => {
      await recovery.use(work, token);
      const emailVerifiedAt = clock.now();
      await work.sql.updateTable('account').set({ emailVerifiedAt }).where('id', '=', userId).execute();
      await record(work, context, { action: 'EMAIL_VERIFIED', userId });
    });
  },
});
