import { checkSize } from '../../platform/graphql/arguments.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { payload } from '../../platform/graphql/payload.ts';
import { readableCustomers } from './access.ts';
import type { CustomerLoaders } from './loaders.ts';
import type { QueriesFor } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';
import type { ChangedAddress, CustomerService } from './service.ts';

const ORDER = {
  CREATED_AT: { column: 'createdAt' },
  NAME: { column: 'name', collation: 'und-x-icu' },
} as const;

/** The parts that the resolvers call. */
interface Parts {
  queriesFor: QueriesFor;
  load: CustomerLoaders;
  service: CustomerService;
}

export const customerResolvers = ({ queriesFor, load, service }: Parts): Resolvers => {
  const customer = async (id: string, context: RequestContext) => ({
    customer: await load.customer(context).load(id),
  });
  const address = async ({ customerId, addressId }: ChangedAddress, context: RequestContext) => {
    const changed = await customer(customerId, context);
    const addresses = await load.addressesOf(context).load(customerId);
    return { ...changed, address: addresses.find(({ id }) => id === addressId) ?? null };
  };

  return {
    Query: {
      customer: (_, { id }, context) => load.customer(context).load(id),
      customers: (_, { filter, orderBy, ...page }, context) => {
        checkSize(filter?.ids, 100, 'filter.ids');
        const ordering = { ...ORDER[orderBy?.field ?? 'CREATED_AT'], direction: orderBy?.direction ?? 'ASC' } as const;
        return queriesFor(context).page(filter ?? {}, ordering, page, readableCustomers(context.actor));
      },
    },

    Mutation: {
      updateCustomer: (_, { input }, context) =>
        payload(async () => customer(await service.updateCustomer(input, context), context)),
      addAddress: (_, { input }, context) =>
        payload(async () => address(await service.addAddress(input, context), context)),
      updateAddress: (_, { input }, context) =>
        payload(async () => address(await service.updateAddress(input, context), context)),
      removeAddress: (_, { input }, context) =>
        payload(async () => customer(await service.removeAddress(input, context), context)),
      createCustomer: (_, { input }, context) =>
        payload(async () => customer(await service.createCustomer(input, context), context)),
    },

    Customer: {
      __resolveReference: ({ id }, context) => load.customer(context).load(id),
      addresses: (row, _, context) => load.addressesOf(context).load(row.id),
    },

    CustomerAddress: {
      address: (row) => row,
    },
  };
};
