import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { requireSession } from '../access.ts';
import type { IdentityVariables } from '../config.ts';
import { done } from '../done.ts';
import type { Tables } from '../entities.ts';
import type { IdentityParts } from '../parts.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { secondFactorQueries } from './queries.ts';
import { secondFactorService } from './service.ts';

/** Resolvers of second factors: codes of an authenticator app, beside the password. */
export const secondFactorResolvers = (
  agentContext: AgentContext<Tables, IdentityVariables>,
  parts: IdentityParts,
): Resolvers => {
  const queries = secondFactorQueries(agentContext.store.read);
  const service = secondFactorService(agentContext, parts);
  return {
    Query: {
      mySecondFactor: (_, __, { actor }) => {
        requireSession(actor);
        return queries.of(actor.id);
      },
    },
    Mutation: {
      completeSignIn: (_, { input }, context) => payload(() => service.completeSignIn(input, context)),
      enrollTotp: (_, { input }, context) => payload(() => service.enrollTotp(input.currentPassword, context)),
      confirmTotp: (_, { input }, context) => payload(() => service.confirmTotp(input.code, context)),
      replaceRecoveryCodes: (_, { input }, context) => payload(() => service.replaceRecoveryCodes(input.code, context)),
      disableTotp: (_, { input }, context) => payload(() => done(service.disableTotp(input.code, context))),
      resetSecondFactor: (_, { input }, context) =>
        payload(() => done(service.resetSecondFactor(input.userId, context))),
    },
  };
};
