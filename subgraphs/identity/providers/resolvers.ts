import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadMany } from '../../../platform/graphql/per-request.ts';
import { seesIdentities } from '../access.ts';
import type { IdentityVariables } from '../config.ts';
import { done } from '../done.ts';
import type { Tables } from '../entities.ts';
import type { IdentityParts } from '../parts.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { providerAttempts } from './attempts.ts';
import { providerCallbacks } from './callback.ts';
import { linkedIdentities } from './identities.ts';
import { providerLinks } from './links.ts';
import { providerQueries } from './queries.ts';
import { providerSignIn } from './service.ts';

/** Resolvers for signing in by identity providers, and for linking accounts with them. */
export const providerResolvers = (
  agentContext: AgentContext<Tables, IdentityVariables>,
  shared: IdentityParts,
): Resolvers => {
  const attempts = providerAttempts(agentContext);
  const callbacks = providerCallbacks(agentContext, { attempts, record: shared.record });
  const parts = { ...shared, callbacks, identities: linkedIdentities(agentContext, attempts) };
  const signIn = providerSignIn(agentContext, parts);
  const links = providerLinks(agentContext, parts);
  const { ofUsers } = providerQueries(agentContext.store.read);
  const identitiesOf = loadMany(ofUsers, (row) => row.userId);
  return {
    Query: {
      identityProviders: () => signIn.identityProviders(),
    },
    Mutation: {
      beginProviderSignIn: (_, { input }, context) => payload(() => signIn.beginProviderSignIn(input, context)),
      completeProviderSignIn: (_, { input }, context) => payload(() => signIn.completeProviderSignIn(input, context)),
      beginIdentityLink: (_, { input }, context) => payload(() => links.beginIdentityLink(input, context)),
      linkIdentity: (_, { input }, context) =>
        payload(async () => ({ identity: await links.linkIdentity(input, context) })),
      unlinkIdentity: (_, { input }, context) => payload(() => done(links.unlinkIdentity(input.id, context))),
    },
    User: {
      identities: ({ id }, _, context) => (seesIdentities(context.actor, id) ? identitiesOf(context).load(id) : null),
    },
  };
};
