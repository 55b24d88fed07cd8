import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { Tables } from '../entities.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { importedStock } from './service.ts';

/** The first stock of imported variants, for the saga that imports them. */
export const importResolvers = (agentContext: AgentContext<Tables>): Resolvers => {
  const imported = importedStock(agentContext);
  return {
    Mutation: {
      receiveImportedStock: (_, { input }, context) =>
        payload(async () => {
          await imported.receive(input, context);
          return {};
        }),
      removeImportedStock: (_, { input }, context) =>
        payload(async () => {
          await imported.takeBack(input, context);
          return {};
        }),
    },
  };
};
