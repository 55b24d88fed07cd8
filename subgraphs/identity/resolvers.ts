import { checkSize } from '../../platform/graphql/arguments.ts';
import { payload } from '../../platform/graphql/payload.ts';
import { seesCustomer } from '../../platform/identity/sees-customer.ts';
import { readableUsers } from './access.ts';
import type { IdentityLoaders } from './loaders.ts';
import type { IdentityQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { IdentityService } from './service.ts';

const ORDER = {
  CREATED_AT: { column: 'createdAt' },
  EMAIL: { column: 'emailKey', collation: 'C' },
} as const;

/** The parts that the resolvers call. */
interface Parts {
  queries: IdentityQueries;
  load: IdentityLoaders;
  service: IdentityService;
}

export const identityResolvers = ({ queries, load, service }: Parts): Resolvers => ({
  Query: {
    me: (_, __, context) => load.user(context).load(context.actor.id),
    users: (_, { filter, orderBy, ...page }, { actor }) => {
      checkSize(filter?.ids, 100, 'filter.ids');
      const ordering = { ...ORDER[orderBy?.field ?? 'CREATED_AT'], direction: orderBy?.direction ?? 'ASC' } as const;
      return queries.page(filter ?? {}, ordering, page, readableUsers(actor));
    },
    revokedSessions: async (_, { since, after }) => queries.revoked(since, after ?? ''),
  },

  Mutation: {
    setUserRoles: (_, { input }, context) =>
      payload(async () => {
        const id = await service.setUserRoles(input, context);
        return { user: await load.user(context).load(id) };
      }),
    issueGuestToken: (_, { input }) => payload(() => service.issueGuestToken(input.orderId)),
  },

  User: {
    __resolveReference: ({ id }, context) => load.user(context).load(id),
    emailVerified: (user) => user.emailVerifiedAt !== null,
    customer: ({ customerId, roles }, _, { actor }) =>
      customerId && roles.includes('CUSTOMER') && seesCustomer(actor, customerId) ? { id: customerId } : null,
  },
});
