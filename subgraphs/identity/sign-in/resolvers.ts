import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { IdentityVariables } from '../config.ts';
import type { Tables } from '../entities.ts';
import type { IdentityParts } from '../parts.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { signInService } from './service.ts';

/** Resolvers for signing up and in with a password. */
export const signInResolvers = (
  agentContext: AgentContext<Tables, IdentityVariables>,
  parts: IdentityParts,
): Resolvers => {
  const { signUp, signIn } = signInService(agentContext, parts);
  return {
    Mutation: {
      signUp: (_, { input }, context) => payload(() => signUp(input, context)),
      signIn: (_, { input }, context) => payload(() => signIn(input, context)),
    },
  };
};
