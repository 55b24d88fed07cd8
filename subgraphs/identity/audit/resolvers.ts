import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { checkSize } from '../../../platform/graphql/arguments.ts';
import type { Tables } from '../entities.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { auditQueries } from './queries.ts';

/** Resolvers of the audit log of accounts. */
export const auditResolvers = ({ store }: AgentContext<Tables>): Resolvers => {
  const queries = auditQueries(store.read);
  return {
    Query: {
      auditLog: (_, { filter, ...page }) => {
        checkSize(filter?.actions, 20, 'filter.actions');
        return queries.page(filter ?? {}, page);
      },
    },
    AuditEntry: {
      details: (entry) => JSON.parse(entry.details),
    },
  };
};
