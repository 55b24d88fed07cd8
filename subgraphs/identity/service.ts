/** The use cases of users: who they are, signing up and in and out, and their roles. */
import type { Ground } from '../../platform/agent/ground.ts';
import { accepted } from '../../platform/commands/ask.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion } from '../../platform/graphql/refusals.ts';
import { isId, newId } from '../../platform/ids.ts';
import { count } from '../../platform/telemetry/metrics.ts';
import { createCustomer } from './commands/customer.generated.ts';
import { checkName, checkNewPassword, checkRoles, claimsOf, emailKey } from './domain.ts';
import { Account, type Tables } from './entities.ts';
import { rolesChanged, userRegistered } from './events.ts';
import { hashPassword, isPassword } from './password.ts';
import type { UserRow } from './queries.ts';
import { hashOfToken, newRefreshToken } from './refresh-token.ts';
import type { SetUserRolesInput, SignInInput, SignUpInput } from './resolvers.generated.ts';
import { sessionRules } from './sessions.ts';

/** What a user gets who has proven who they are. */
export interface SignedIn {
  accessToken: string;
  refreshToken: string;
  /** Of the access token. */
  expiresAt: Date;
  user: UserRow;
}

/** A user with what only this room may know. */
type Credentials = UserRow & { password_hash: string; customer_made: boolean };

const GUEST_TOKEN_SECONDS = 30 * 86_400;
const SECRETS = ['password_hash', 'customer_made'] as const;
const CREDENTIALS = [
  'id',
  'email',
  'name',
  'roles',
  'customer_id',
  'merchant_id',
  'version',
  'created_at',
  ...SECRETS,
] as const;

export const identityService = ({ store, clock, config, tokens, ask }: Ground<Tables>) => {
  const sessions = sessionRules(config);

  const account = (column: 'id' | 'email_key', value: string): Promise<Credentials | undefined> =>
    store.read.selectFrom('account').select(CREDENTIALS).where(column, '=', value).executeTakeFirst();

  /** The customer agent may have been away when the user signed up: asked until it has said yes, and never again. */
  const ensureCustomer = async (user: Credentials, context: RequestContext): Promise<void> => {
    if (user.customer_made || !user.customer_id) return;
    const input = { id: user.customer_id, userId: user.id, name: user.name, email: user.email };
    accepted((await ask(createCustomer, { input }, { within: context })).createCustomer);
    await store.write({ locks: [user.id], origin: context }, ({ sql }) =>
      sql.updateTable('account').set({ customer_made: true }).where('id', '=', user.id).execute(),
    );
  };

  const answer = async (user: Credentials, sessionId: string, refreshToken: string): Promise<SignedIn> => {
    const { token, expiresAt } = await tokens.sign(claimsOf(user, sessionId), config.ACCESS_TOKEN_SECONDS, clock.now());
    return { accessToken: token, refreshToken, expiresAt, user };
  };

  /** Somebody new and their first session, or undefined if the address was taken meanwhile. */
  const register = async (input: { email: string; name: string; password: string }, context: RequestContext) => {
    const { email, name, password } = input;
    const [id, sessionId, refreshToken] = [newId('user'), newId('session'), newRefreshToken()];
    const password_hash = await hashPassword(password);
    const made = await store.write({ locks: [id], origin: context }, async (work) => {
      const now = clock.now();
      const customer = {
        customer_id: newId('customer'),
        customer_made: false,
        merchant_id: null,
        roles: ['CUSTOMER' as const],
      };
      const row = {
        id,
        email,
        email_key: emailKey(email),
        name,
        password_hash,
        ...customer,
        version: 1,
        created_at: now,
        updated_at: now,
      };
      const insert = work.sql
        .insertInto('account')
        .values(row)
        .onConflict((on) => on.column('email_key').doNothing());
      const inserted = await insert.returning(CREDENTIALS).executeTakeFirst();
      if (!inserted) return undefined;
      work.publish(userRegistered, { aggregateId: id, aggregateVersion: 1, payload: { userId: id } });
      await sessions.start(work, { id: sessionId, userId: id, reason: 'SIGNED_UP' }, refreshToken, now);
      return inserted;
    });
    return made && { user: made, sessionId, refreshToken };
  };

  /** A session for somebody who has proven who they are. */
  const open = async (user: Credentials, context: RequestContext): Promise<SignedIn> => {
    await ensureCustomer(user, context);
    const [sessionId, refreshToken] = [newId('session'), newRefreshToken()];
    await store.write({ locks: [user.id], origin: context }, (work) =>
      sessions.start(work, { id: sessionId, userId: user.id, reason: 'SIGNED_IN' }, refreshToken, clock.now()),
    );
    return answer(user, sessionId, refreshToken);
  };

  return {
    /** Again with the same address and password, after an answer that was lost, it completes what was begun. */
    async signUp(input: SignUpInput, context: RequestContext): Promise<SignedIn> {
      const name = checkName(input.name);
      checkNewPassword(input.password, input.email);
      const known = await account('email_key', emailKey(input.email));
      const registered = known ? undefined : await register({ ...input, name }, context);
      if (registered) {
        await ensureCustomer(registered.user, context);
        return answer(registered.user, registered.sessionId, registered.refreshToken);
      }
      const user = known ?? (await account('email_key', emailKey(input.email)));
      if (!user || !(await isPassword(user.password_hash, input.password))) {
        throw refuse('EMAIL_TAKEN', 'Somebody has signed up with this e-mail address: sign in, if it was you.', [
          'input',
          'email',
        ]);
      }
      return open(user, context);
    },

    async signIn({ email, password }: SignInInput, context: RequestContext): Promise<SignedIn> {
      const user = await account('email_key', emailKey(email));
      const isGood = await isPassword(user?.password_hash, password);
      count('agora_sign_ins_total', { method: 'password', outcome: isGood ? 'accepted' : 'refused' });
      if (!isGood) {
        throw refuse('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.', ['input']);
      }
      return open(user!, context);
    },

    async refreshSession(refreshToken: string, context: RequestContext): Promise<SignedIn> {
      const invalid = refuse('INVALID_REFRESH_TOKEN', 'The refresh token is not good, or no longer: sign in again.', [
        'input',
        'refreshToken',
      ]);
      // A token never changes its session, nor a session its user, so whom to lock can be read before.
      const owner = await store.read
        .selectFrom('refresh_token')
        .innerJoin('session', 'session.id', 'refresh_token.session_id')
        .select(['session.id', 'user_id'])
        .where('hash', '=', hashOfToken(refreshToken))
        .executeTakeFirst();
      if (!owner) {
        count('agora_sign_ins_total', { method: 'refresh', outcome: 'refused' });
        throw invalid;
      }
      const successor = newRefreshToken();
      const rotated = await store.write({ locks: [owner.user_id], origin: context }, (work) =>
        sessions.rotate(work, refreshToken, successor, clock.now()),
      );
      count('agora_sign_ins_total', { method: 'refresh', outcome: rotated ? 'accepted' : 'refused' });
      // Refused only now: a stolen token has to end its session, which a throw inside would undo.
      if (!rotated) throw invalid;
      return answer((await account('id', owner.user_id))!, owner.id, successor);
    },

    /** Ends the session of the caller's token. Whether there was one that had not ended. */
    async signOut(context: RequestContext): Promise<boolean> {
      const { id, sessionId } = context.actor;
      if (!sessionId) return false;
      const ended = await store.write({ locks: [id], origin: context }, (work) =>
        sessions.revoke(work, { id: sessionId }, 'SIGNED_OUT', clock.now()),
      );
      return ended > 0;
    },

    /** Ends the user's sessions with it: their tokens still say what they were allowed before. */
    setUserRoles: (input: SetUserRolesInput, context: RequestContext): Promise<string> =>
      store.write({ locks: [input.id], origin: context }, async (work) => {
        const user = await work.em.findOne(Account, { id: input.id });
        if (!user) throw refuse('NOT_FOUND', 'There is no such user.', ['input', 'id']);
        checkVersion(user.version, input.expectedVersion);
        const { id, customerId = null, merchantId = null } = user;
        const merchant = input.merchantId ?? merchantId;
        user.roles = checkRoles(
          { id, roles: user.roles, customer_id: customerId, merchant_id: merchantId },
          input.roles,
          merchant,
          context.actor.id,
        );
        user.merchantId = merchant;
        if (user.roles.includes('CUSTOMER')) user.customerId ??= newId('customer');
        user.version += 1;
        user.updatedAt = clock.now();
        await work.em.flush();
        work.publish(rolesChanged, { aggregateId: id, aggregateVersion: user.version, payload: { userId: id } });
        await sessions.revoke(work, { userId: id }, 'ROLES_CHANGED', clock.now());
        return id;
      }),

    /** A token for whoever placed an order without an account: it opens that order and nothing else. */
    async issueGuestToken(orderId: string): Promise<{ token: string; expiresAt: Date }> {
      if (!isId(orderId, 'order'))
        throw refuse('INVALID_INPUT', 'The id of an order starts with `order_`.', ['input', 'orderId']);
      return tokens.sign({ id: `guest:${orderId}`, roles: ['GUEST'], orderId }, GUEST_TOKEN_SECONDS, clock.now());
    },
  };
};

export type IdentityService = ReturnType<typeof identityService>;
