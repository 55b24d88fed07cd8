import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { requireSession } from '../access.ts';
import type { Tables } from '../entities.ts';
import type { IdentityParts } from '../parts.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { apiKeyQueries } from './queries.ts';
import { previousSecretOf } from './domain.ts';
import { apiKeyRotation } from './rotation.ts';
import { apiKeyService } from './service.ts';

/** Resolvers of API keys, for programs. */
export const apiKeyResolvers = (agentContext: AgentContext<Tables>, parts: IdentityParts): Resolvers => {
  const { clock, store } = agentContext;
  const queries = apiKeyQueries(store.read);
  const service = apiKeyService(agentContext, parts);
  const rotation = apiKeyRotation(agentContext, parts);
  return {
    Query: {
      myApiKeys: (_, __, { actor }) => {
        requireSession(actor);
        return queries.living(actor.id, clock.now());
      },
      apiKeyIdentity: (_, { hash }) => queries.identity(hash, clock.now()),
    },
    Mutation: {
      createApiKey: (_, { input }, context) => payload(() => service.createApiKey(input, context)),
      rotateApiKey: (_, { input }, context) => payload(() => rotation.rotateApiKey(input, context)),
      revokeApiKeyPreviousSecret: (_, { input }, context) =>
        payload(async () => ({ revoked: await rotation.revokeApiKeyPreviousSecret(input.id, context) })),
      revokeApiKey: (_, { input }, context) =>
        payload(async () => ({ revoked: await service.revokeApiKey(input.id, context) })),
    },
    ApiKey: { previousSecret: (key) => previousSecretOf(key, clock.now()) },
  };
};
