import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { done } from '../done.ts';
import type { Tables } from '../entities.ts';
import type { IdentityParts } from '../parts.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { recoveryQueries } from './queries.ts';
import { recoveryService } from './service.ts';

/** Resolvers for verifying e-mail addresses and setting passwords. */
export const recoveryResolvers = (agentContext: AgentContext<Tables>, parts: IdentityParts): Resolvers => {
  const { clock, store } = agentContext;
  const queries = recoveryQueries(store.read);
  const service = recoveryService(agentContext, parts);
  return {
    Query: {
      recoveryMail: (_, { id }) => queries.mail(id, clock.now()),
    },
    Mutation: {
      requestPasswordReset: (_, { input }, context) =>
        payload(() => done(service.requestPasswordReset(input.email, context))),
      resetPassword: (_, { input }, context) => payload(() => done(service.resetPassword(input, context))),
      changePassword: (_, { input }, context) => payload(() => done(service.changePassword(input, context))),
      requestEmailVerification: (_, __, context) => payload(() => done(service.requestEmailVerification(context))),
      verifyEmail: (_, { input }, context) => payload(() => done(service.verifyEmail(input.token, context))),
    },
  };
};
