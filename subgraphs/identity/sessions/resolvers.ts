import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { requireSession } from '../access.ts';
import type { Tables } from '../entities.ts';
import type { IdentityParts } from '../parts.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { sessionQueries } from './queries.ts';
import { sessionService } from './service.ts';

/** Resolvers of the sessions of users. */
export const sessionResolvers = (agentContext: AgentContext<Tables>, parts: IdentityParts): Resolvers => {
  const { clock, store } = agentContext;
  const queries = sessionQueries(store.read);
  const service = sessionService(agentContext, parts);
  return {
    Query: {
      mySessions: (_, __, { actor }) => {
        requireSession(actor);
        return queries.living(actor.id, clock.now());
      },
      userSessions: (_, { userId }) => queries.living(userId, clock.now()),
    },
    Mutation: {
      refreshSession: (_, { input }, context) => payload(() => service.refreshSession(input.refreshToken, context)),
      signOut: (_, __, context) => payload(async () => ({ signedOut: await service.signOut(context) })),
      revokeSession: (_, { input }, context) =>
        payload(async () => ({ ended: await service.revokeSession(input.sessionId, context) })),
      revokeOtherSessions: (_, __, context) =>
        payload(async () => ({ ended: await service.revokeOtherSessions(context) })),
      revokeUserSessions: (_, { input }, context) =>
        payload(async () => ({ ended: await service.revokeUserSessions(input.userId, context) })),
    },
    Session: {
      createdAt: (session) => session.startedAt,
      isCurrent: (session, _, { actor }) => session.id === actor.sessionId,
    },
  };
};
