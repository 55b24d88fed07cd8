import type { Clock } from '../../platform/clock.ts';
import { checkSize } from '../../platform/graphql/arguments.ts';
import { payload } from '../../platform/graphql/payload.ts';
import { seesCustomer } from '../../platform/identity/sees-customer.ts';
import { readableUsers, requireSession, seesIdentities } from './access.ts';
import type { IdentityLoaders } from './loaders.ts';
import type { IdentityQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { IdentityService } from './service.ts';

const ORDER = {
  CREATED_AT: { column: 'createdAt' },
  EMAIL: { column: 'emailKey', collation: 'C' },
} as const;

/** What is answered by mutations that have nothing to show. */
const done = async (work: Promise<void>): Promise<{ done: true }> => {
  await work;
  return { done: true };
};

/** What the resolvers call. */
interface Parts {
  queries: IdentityQueries;
  load: IdentityLoaders;
  service: IdentityService;
  clock: Clock;
}

export const identityResolvers = ({ queries, load, service, clock }: Parts): Resolvers => ({
  Query: {
    me: (_, __, context) => load.user(context).load(context.actor.id),
    users: (_, { filter, orderBy, ...page }, { actor }) => {
      checkSize(filter?.ids, 100, 'filter.ids');
      const ordering = { ...ORDER[orderBy?.field ?? 'CREATED_AT'], direction: orderBy?.direction ?? 'ASC' } as const;
      return queries.page(filter ?? {}, ordering, page, readableUsers(actor));
    },
    mySessions: (_, __, { actor }) => {
      requireSession(actor);
      return queries.sessions.living(actor.id, clock.now());
    },
    myApiKeys: (_, __, { actor }) => {
      requireSession(actor);
      return queries.apiKeys.living(actor.id, clock.now());
    },
    mySecondFactor: (_, __, { actor }) => {
      requireSession(actor);
      return queries.secondFactor.of(actor.id);
    },
    identityProviders: () => service.identityProviders(),
    auditLog: (_, { filter, ...page }) => {
      checkSize(filter?.actions, 20, 'filter.actions');
      return queries.audit.page(filter ?? {}, page);
    },
    recoveryMail: (_, { id }) => queries.recovery.mail(id, clock.now()),
    apiKeyIdentity: (_, { hash }) => queries.apiKeys.identity(hash, clock.now()),
    userSessions: (_, { userId }) => queries.sessions.living(userId, clock.now()),
    revokedSessions: async (_, { since, after }) => queries.revoked(since, after ?? ''),
  },

  Mutation: {
    signUp: (_, { input }, context) => payload(() => service.signUp(input, context)),
    signIn: (_, { input }, context) => payload(() => service.signIn(input, context)),
    completeSignIn: (_, { input }, context) => payload(() => service.completeSignIn(input, context)),
    beginProviderSignIn: (_, { input }, context) => payload(() => service.beginProviderSignIn(input, context)),
    completeProviderSignIn: (_, { input }, context) => payload(() => service.completeProviderSignIn(input, context)),
    beginIdentityLink: (_, { input }, context) => payload(() => service.beginIdentityLink(input, context)),
    linkIdentity: (_, { input }, context) =>
      payload(async () => ({ identity: await service.linkIdentity(input, context) })),
    unlinkIdentity: (_, { input }, context) => payload(() => done(service.unlinkIdentity(input.id, context))),
    refreshSession: (_, { input }, context) => payload(() => service.refreshSession(input.refreshToken, context)),
    signOut: (_, __, context) => payload(async () => ({ signedOut: await service.signOut(context) })),
    revokeSession: (_, { input }, context) =>
      payload(async () => ({ ended: await service.revokeSession(input.sessionId, context) })),
    revokeOtherSessions: (_, __, context) =>
      payload(async () => ({ ended: await service.revokeOtherSessions(context) })),
    revokeUserSessions: (_, { input }, context) =>
      payload(async () => ({ ended: await service.revokeUserSessions(input.userId, context) })),
    requestPasswordReset: (_, { input }, context) =>
      payload(() => done(service.requestPasswordReset(input.email, context))),
    resetPassword: (_, { input }, context) => payload(() => done(service.resetPassword(input, context))),
    changePassword: (_, { input }, context) => payload(() => done(service.changePassword(input, context))),
    requestEmailVerification: (_, __, context) => payload(() => done(service.requestEmailVerification(context))),
    verifyEmail: (_, { input }, context) => payload(() => done(service.verifyEmail(input.token, context))),
    enrollTotp: (_, { input }, context) => payload(() => service.enrollTotp(input.currentPassword, context)),
    confirmTotp: (_, { input }, context) => payload(() => service.confirmTotp(input.code, context)),
    replaceRecoveryCodes: (_, { input }, context) => payload(() => service.replaceRecoveryCodes(input.code, context)),
    disableTotp: (_, { input }, context) => payload(() => done(service.disableTotp(input.code, context))),
    resetSecondFactor: (_, { input }, context) => payload(() => done(service.resetSecondFactor(input.userId, context))),
    createApiKey: (_, { input }, context) => payload(() => service.createApiKey(input, context)),
    revokeApiKey: (_, { input }, context) =>
      payload(async () => ({ revoked: await service.revokeApiKey(input.id, context) })),
    setUserRoles: (_, { input }, context) =>
      payload(async () => {
        const id = await service.setUserRoles(input, context);
        return { user: await load.user(context).load(id) };
      }),
    issueGuestToken: (_, { input }) => payload(() => service.issueGuestToken(input.orderId)),
  },

  Session: {
    createdAt: (session) => session.startedAt,
    isCurrent: (session, _, { actor }) => session.id === actor.sessionId,
  },

  AuditEntry: {
    details: (entry) => JSON.parse(entry.details),
  },

  User: {
    __resolveReference: ({ id }, context) => load.user(context).load(id),
    emailVerified: (user) => user.emailVerifiedAt !== null,
    identities: ({ id }, _, context) => (seesIdentities(context.actor, id) ? load.identities(context).load(id) : null),
    customer: ({ customerId, roles }, _, { actor }) =>
      customerId && roles.includes('CUSTOMER') && seesCustomer(actor, customerId) ? { id: customerId } : null,
  },
});
