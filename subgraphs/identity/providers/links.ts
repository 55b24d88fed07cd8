/** The use cases of linked identities: link and unlink. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { requireSession } from '../access.ts';
import { AccountSchema, type Tables } from '../entities.ts';
import type { BeginProviderSignInInput, CompleteProviderSignInInput } from '../resolvers.generated.ts';
import { notVerified } from '../recovery/not-verified.ts';
import { requireRecentSignIn } from '../sessions/recent.ts';
import type { CameBack } from './callback.ts';
import { checkRoom, checkWayIn } from './domain.ts';
import { lockOfIdentity } from './identities.ts';
import { type LinkedIdentityRow, LinkedIdentitySchema } from './entities.ts';
import type { ProviderParts } from './service.ts';

export const providerLinks = (
  agentContext: Pick<AgentContext<Tables>, 'store' | 'clock'>,
  { accounts, callers, sessions, record, callbacks, identities }: ProviderParts,
) => {
  const { store, clock } = agentContext;

  const read = (id: string): Promise<LinkedIdentityRow> =>
    store.read
      .selectFrom('linked_identity')
      .select(columnsOf(LinkedIdentitySchema))
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

  const link = (who: CameBack, callbackUrl: string, context: RequestContext): Promise<string> => {
    const { id: userId } = context.actor;
    return callers.change({ of: userId, locks: [lockOfIdentity(who.vouched)] }, context, async (work) => {
      const given = await identities.find(who.vouched, work.sql);
      if (given && given.userId !== userId)
        throw refuse('IDENTITY_TAKEN', `Another account is linked with this one at ${who.provider.name}.`, ['input']);
      if (given) {
        await identities.use(work, given.id, who, callbackUrl);
        return given.id;
      }
      checkRoom((await identities.of(work, userId)).length);
      const objectId = await identities.add(work, userId, who, callbackUrl);
      const details = { provider: who.provider.id };
      await record(work, context, { action: 'IDENTITY_LINKED', userId, objectId, details });
      return objectId;
    });
  };

  return {
    /**
     * Needs a recent sign-in and a verified address: otherwise an attacker could sign up with a victim's address, link
     * an identity of their own, and keep the way in when the victim comes and sets a password (pre-hijacking,
     * https://www.usenix.org/conference/usenixsecurity22/presentation/sudhodanan).
     * @throws Refusal REAUTHENTICATION_REQUIRED, EMAIL_NOT_VERIFIED, NOT_FOUND, INVALID_INPUT, PROVIDER_UNAVAILABLE
     */
    async beginIdentityLink(input: BeginProviderSignInInput, context: RequestContext) {
      const sessionId = await requireRecentSignIn(agentContext, context.actor);
      const user = await accounts.find('id', context.actor.id);
      if (!user?.emailVerifiedAt) throw notVerified();
      return callbacks.begin(input, sessionId, context);
    },

    /**
     * Needs the session that began it.
     * @throws Refusal INVALID_SIGN_IN_ATTEMPT, PROVIDER_REFUSED, PROVIDER_UNAVAILABLE, IDENTITY_TAKEN
     */
    async linkIdentity(input: CompleteProviderSignInInput, context: RequestContext): Promise<LinkedIdentityRow> {
      const id = await callbacks.complete(input, requireSession(context.actor), context, {
        first: (who) => link(who, input.callbackUrl, context),
        again: async ({ identityId }) => identityId,
      });
      return read(id);
    },

    /**
     * Ends all other sessions: one of them may come from the identity.
     * @throws Refusal NOT_FOUND, REAUTHENTICATION_REQUIRED, LAST_WAY_IN
     */
    async unlinkIdentity(id: string, context: RequestContext): Promise<void> {
      const but = requireSession(context.actor);
      const userId = context.actor.id;
      if ((await identities.owner(id)) !== userId)
        throw refuse('NOT_FOUND', 'You have no such identity: `me { identities }` lists yours.', ['input', 'id']);
      await requireRecentSignIn(agentContext, context.actor);
      await callers.change({ of: userId }, context, async (work) => {
        const account = await work.findIfAny(AccountSchema, userId);
        const all = await identities.of(work, userId);
        const own = all.find((one) => one.id === id);
        if (!own) return;
        checkWayIn({ hasPassword: account!.passwordHash !== null, identities: all.length });
        await work.sql.deleteFrom('linked_identity').where('id', '=', id).execute();
        await sessions.rules.revoke(work, { userId, but }, 'IDENTITY_UNLINKED', clock.now());
        const details = { provider: own.provider };
        await record(work, context, { action: 'IDENTITY_UNLINKED', userId, objectId: id, details });
      });
    },
  };
};
