import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { checkSize } from '../../../platform/graphql/arguments.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { Tables } from '../entities.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { importedPrices } from './service.ts';

/** The prices of imported variants, for the saga that imports them. */
export const importResolvers = (agentContext: AgentContext<Tables>): Resolvers => {
  const imported = importedPrices(agentContext);
  return {
    Query: {
      importedPriceProblems: (_, { prices }) => {
        checkSize(prices, 500, 'prices');
        return imported.problems(prices);
      },
    },
    Mutation: {
      setImportedPrices: (_, { input }, context) =>
        payload(async () => {
          await imported.set(input, context);
          return {};
        }),
      removeImportedPrices: (_, { input }, context) =>
        payload(async () => {
          await imported.remove(input, context);
          return {};
        }),
    },
  };
};
