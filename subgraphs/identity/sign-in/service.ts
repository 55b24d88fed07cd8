/** The use cases of signing up and in with a password. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import type { Recorder } from '../audit/record.ts';
import type { Accounts } from '../accounts.ts';
import type { Callers } from '../callers.ts';
import { emailKey } from '../domain.ts';
import type { IdentityVariables } from '../config.ts';
import type { AccountRow, Tables } from '../entities.ts';
import { userRegistered } from '../events.ts';
import { hashPassword, isOutdated, isPassword } from '../passwords/password.ts';
import { checkNotOfDemo } from '../passwords/of-demo.ts';
import { checkNewPassword } from '../passwords/policy.ts';
import type { RecoveryTokens } from '../recovery/tokens.ts';
import type { SignInInput, SignUpInput } from '../resolvers.generated.ts';
import type { SessionOpener, SignedIn } from '../sessions/open-session.ts';
import type { SignInAttempts } from './attempts.ts';

/** The parts that signing in, and what follows it, calls. */
export interface SignInParts {
  accounts: Accounts;
  attempts: SignInAttempts;
  sessions: SessionOpener;
  record: Recorder;
  callers: Callers;
}

const wrong = (message: string) => refuse('INVALID_CREDENTIALS', message, ['input']);

export const signInService = (
  { store, clock, config }: AgentContext<Tables, IdentityVariables>,
  { accounts, attempts, sessions, record, recovery }: SignInParts & { recovery: RecoveryTokens },
) => {
  /** Registers a new user with a first session; undefined if the address was taken meanwhile. */
  const register = async (input: { email: string; name: string; password: string }, context: RequestContext) => {
    const { email, name, password } = input;
    const id = newId('user');
    const passwordHash = await hashPassword(password);
    return store.write({ locks: [id], origin: context }, async (work) => {
      const now = clock.now();
      const who = { id, email, emailKey: emailKey(email), name, passwordHash, roles: ['CUSTOMER' as const] };
      const insert = work.sql
        .insertInto('account')
        .values({ ...who, customerId: newId('customer'), createdAt: now, updatedAt: now })
        .onConflict((on) => on.column('emailKey').doNothing());
      if (!(await insert.returning('id').executeTakeFirst())) return undefined;
      work.publish(userRegistered, { aggregateId: id, aggregateVersion: 1, payload: { userId: id } });
      await recovery.issue(work, 'VERIFY_EMAIL', id);
      return sessions.start(work, id, 'SIGNED_UP', context);
    });
  };

  /**
   * Signs a user in, or returns undefined for a wrong password; the time it takes does not reveal whether the user
   * exists.
   */
  const withPassword = async (
    user: AccountRow | undefined,
    { email, password }: SignInInput,
    context: RequestContext,
  ): Promise<SignedIn | undefined> => {
    const attempt = await attempts.begin(emailKey(email), context);
    if (!(await isPassword(user?.passwordHash, password))) {
      // Of an unknown account only a pseudonym is recorded, which tells it from others.
      const deed = user ? { userId: user.id } : { details: { unknown: attempt.account } };
      await store.write({ locks: [], origin: context }, (work) =>
        record(work, context, { action: 'SIGN_IN_REFUSED', ...deed }),
      );
      return undefined;
    }
    const renewed = isOutdated(user!.passwordHash!) ? await hashPassword(password) : undefined;
    return sessions.open(user!, context, async (work) => {
      if (!(await accounts.isStillPassword(work, user!, password))) throw wrong('The password was just changed.');
      await attempts.takeBack(work, attempt);
      if (!renewed) return;
      const update = work.sql.updateTable('account').set({ passwordHash: renewed }).where('id', '=', user!.id);
      await update.where('passwordHash', '=', user!.passwordHash).execute();
    });
  };

  return {
    /** Signs up. A retry with the same address and password, after a lost answer, completes the sign-up. */
    async signUp(input: SignUpInput, context: RequestContext): Promise<SignedIn> {
      checkNewPassword(input.password, input);
      const known = await accounts.find('emailKey', emailKey(input.email));
      const registered = known ? undefined : await register(input, context);
      if (registered) {
        await accounts.ensureCustomer(registered.user, context);
        return sessions.answer(registered);
      }
      const user = known ?? (await accounts.find('emailKey', emailKey(input.email)));
      const signedIn = await withPassword(user, input, context);
      if (signedIn) return signedIn;
      throw refuse('EMAIL_TAKEN', 'Somebody has signed up with this e-mail address: sign in, if it was you.', [
        'input',
        'email',
      ]);
    },

    /** @throws Refusal INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, SECOND_FACTOR_REQUIRED */
    async signIn(input: SignInInput, context: RequestContext): Promise<SignedIn> {
      checkNotOfDemo(input.password, config);
      const user = await accounts.find('emailKey', emailKey(input.email));
      const signedIn = await withPassword(user, input, context);
      count('agora_sign_ins_total', { method: 'password', outcome: signedIn ? 'accepted' : 'refused' });
      if (!signedIn) throw wrong('The e-mail address or the password is wrong.');
      return signedIn;
    },
  };
};
