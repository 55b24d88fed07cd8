/** The use cases of signing up and in by an OpenID provider. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { Refusal } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import { count } from '../../../platform/telemetry/metrics.ts';
import { emailKey } from '../domain.ts';
import type { Tables } from '../entities.ts';
import { userRegistered } from '../events.ts';
import type { BeginProviderSignInInput, CompleteProviderSignInInput } from '../resolvers.generated.ts';
import type { SignedIn } from '../sessions/open-session.ts';
import type { SignInParts } from '../sign-in/service.ts';
import type { CameBack, ProviderCallbacks } from './callback.ts';
import { emailTaken, newcomerOf } from './domain.ts';
import { ProviderAway } from './failures.ts';
import { type LinkedIdentities, lockOfIdentity } from './identities.ts';

/** The parts that signing in by a provider calls. */
export type ProviderParts = Pick<SignInParts, 'accounts' | 'callers' | 'sessions' | 'record'> & {
  callbacks: ProviderCallbacks;
  identities: LinkedIdentities;
};

export const providerSignIn = (
  { store, clock }: Pick<AgentContext<Tables>, 'store' | 'clock'>,
  { accounts, sessions, record, callbacks, identities }: ProviderParts,
) => {
  /** Registers a new user with a first session; undefined if the identity was given to a user meanwhile. */
  const register = (who: CameBack, callbackUrl: string, context: RequestContext) => {
    const { email, name } = newcomerOf(who.vouched, who.provider.name);
    const id = newId('user');
    return store.write({ locks: [id, lockOfIdentity(who.vouched)], origin: context }, async (work) => {
      if (await identities.find(who.vouched, work.sql)) return undefined;
      const now = clock.now();
      const row = { id, email, emailKey: emailKey(email), name, roles: ['CUSTOMER' as const] };
      const times = { emailVerifiedAt: now, createdAt: now, updatedAt: now };
      const made = await work.sql
        .insertInto('account')
        .values({ ...row, customerId: newId('customer'), ...times })
        .onConflict((on) => on.column('emailKey').doNothing())
        .returning('id')
        .executeTakeFirst();
      if (!made) throw emailTaken(who.provider.name);
      const objectId = await identities.add(work, id, who, callbackUrl);
      work.publish(userRegistered, { aggregateId: id, aggregateVersion: 1, payload: { userId: id } });
      const details = { provider: who.provider.id };
      await record(work, context, { action: 'IDENTITY_LINKED', userId: id, objectId, details });
      return sessions.start(work, id, 'SIGNED_UP', context);
    });
  };

  const signIn = async (who: CameBack, callbackUrl: string, context: RequestContext): Promise<SignedIn> => {
    let identity = await identities.find(who.vouched);
    if (!identity) {
      const registered = await register(who, callbackUrl, context);
      if (registered) {
        await accounts.ensureCustomer(registered.user, context);
        return sessions.answer(registered);
      }
      identity = (await identities.find(who.vouched))!;
    }
    const { id: objectId, userId } = identity;
    return sessions.open((await accounts.find('id', userId))!, context, async (work) => {
      await identities.use(work, objectId, who, callbackUrl);
      const details = { provider: who.provider.id };
      await record(work, context, { action: 'SIGNED_IN_BY_PROVIDER', userId, objectId, details });
    });
  };

  return {
    identityProviders: () => callbacks.list(),

    beginProviderSignIn: (input: BeginProviderSignInInput, context: RequestContext) =>
      callbacks.begin(input, null, context),

    /**
     * Signs in. A retry with the same callback URL, after a lost answer, signs in again.
     * @throws Refusal INVALID_SIGN_IN_ATTEMPT, PROVIDER_REFUSED, PROVIDER_UNAVAILABLE, EMAIL_NOT_VERIFIED, EMAIL_TAKEN,
     * SECOND_FACTOR_REQUIRED
     */
    async completeProviderSignIn(input: CompleteProviderSignInInput, context: RequestContext): Promise<SignedIn> {
      try {
        const signedIn = await callbacks.complete(input, null, context, {
          first: (who) => signIn(who, input.callbackUrl, context),
          again: async ({ identityId, begun }) => {
            const user = (await accounts.find('id', (await identities.owner(identityId))!))!;
            return sessions.open(user, context, (work) => identities.require(work, identityId, begun));
          },
        });
        count('agora_sign_ins_total', { method: 'provider', outcome: 'accepted' });
        return signedIn;
      } catch (error) {
        // A provider without an answer is counted by its circuit breaker, a second factor where it is asked for.
        const isRefused = error instanceof Refusal && error.code !== 'SECOND_FACTOR_REQUIRED';
        if (isRefused && !(error instanceof ProviderAway))
          count('agora_sign_ins_total', { method: 'provider', outcome: 'refused' });
        throw error;
      }
    },
  };
};
