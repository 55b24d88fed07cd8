import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { checkSize } from '../../../platform/graphql/arguments.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadOne } from '../../../platform/graphql/per-request.ts';
import { partsOf, sagaId } from '../../../platform/sagas/enqueue.ts';
import type { Tables } from '../entities.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { importService } from './service.ts';

/** Imports: many products at once, by a saga. */
export const importResolvers = (agentContext: AgentContext<Tables>): Resolvers => {
  const service = importService(agentContext);
  const errorsOf = loadOne(service.errorsOf, (row) => row.id);
  return {
    Query: {
      readableImports: (_, { ids }, context) => {
        checkSize(ids, 1000, 'ids');
        return service.readable(ids, context);
      },
    },
    Mutation: {
      importProducts: (_, { input }, context) =>
        payload(async () => ({ saga: { id: sagaId('importProducts', await service.importProducts(input, context)) } })),
      createImportedProducts: (_, { input }, context) =>
        payload(async () => {
          await service.create(input, context);
          return {};
        }),
      removeImportedProducts: (_, { input }, context) =>
        payload(async () => {
          await service.remove(input.reference, input.productIds, context);
          return {};
        }),
      publishImportedProducts: (_, { input }, context) =>
        payload(async () => {
          await service.publish(input.productIds, context);
          return {};
        }),
      rejectImport: (_, { input }, context) =>
        payload(async () => {
          await service.refuse(input, context);
          return {};
        }),
    },
    Saga: {
      __resolveReference: ({ id }) => ({ id }),
      importErrors: async ({ id }, _, context) => {
        const { name, subjectId } = partsOf(id);
        return name === 'importProducts' ? ((await errorsOf(context).load(subjectId))?.errors ?? null) : null;
      },
    },
  };
};
