import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { DependencyHealth } from '../../../platform/agent/health.ts';
import { LEASE_MS } from '../../../platform/agent/registry.ts';
import { checkSize } from '../../../platform/graphql/arguments.ts';
import { answering, payload } from '../../../platform/graphql/payload.ts';
import type { BreakerState } from '../../../platform/resilience/guard.ts';
import type { Tables } from '../entities.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { OrchestrationQueries } from '../queries.ts';
import type { AgentArea, Resolvers } from '../resolvers.generated.ts';
import { canDo, stateOf } from './domain.ts';
import type { AgentRow } from './entities.ts';
import { agentsService } from './service.ts';
import { watchAgents } from './watch.ts';

/** A dependency as the graph reads it. */
export type AgentDependencyRow = DependencyHealth;

/** A circuit breaker as the graph reads it: from JSON, so its date is text. */
export type CircuitBreakerRow = Omit<BreakerState, 'openedAt'> & { openedAt: string | null };

/** The parts that the resolvers call. */
interface Parts {
  queries: OrchestrationQueries;
  load: OrchestrationLoaders;
}

/** Resolvers of the registry: agents, their health, and commands of operators. */
export const agentsResolvers = (agentContext: AgentContext<Tables>, { queries, load }: Parts): Resolvers => {
  const { resetBreaker, instruct } = agentsService(agentContext);
  const stateNow = (agent: AgentRow) => stateOf(agent, agentContext.clock.now(), LEASE_MS);
  return {
    Query: {
      agents: async (_, { area, capability }) => {
        const all = await queries.agents(area?.toLowerCase() ?? null);
        return capability ? all.filter((agent) => canDo(agent, capability)) : all;
      },
      agent: (_, { id }, context) => load.agent(context).load(id),
    },
    Mutation: {
      instructAgents: (_, { input }, context) => payload(async () => ({ agents: await instruct(input, context) })),
      resetBreaker: answering('agent', load.agent)(resetBreaker),
    },
    Subscription: {
      agentStatusChanged: {
        subscribe: (_, { agentIds, after }, context) => {
          checkSize(agentIds, 100, 'agentIds');
          return watchAgents(agentContext, { agentIds, after }, context);
        },
      },
    },
    Agent: {
      __resolveReference: ({ id }, context) => load.agent(context).load(id),
      id: (agent) => agent.name,
      name: (agent) => agent.title,
      area: (agent) => agent.area.toUpperCase() as AgentArea,
      status: (agent) => stateNow(agent).status,
      degradation: (agent) => stateNow(agent).degradation,
      isAlive: (agent) => stateNow(agent).isAlive,
      dependencies: (agent) => agent.health.dependencies ?? [],
      breakers: (agent) => (agent.health.breakers ?? []) as unknown as CircuitBreakerRow[],
      errorCount: (agent) => agent.health.errors ?? 0,
      lastError: (agent) => agent.health.lastError?.type ?? null,
    },
    AgentDependency: {
      pool: (dependency) => dependency.pool ?? null,
    },
    CircuitBreaker: {
      openedAt: ({ openedAt }) => (openedAt ? new Date(openedAt) : null),
    },
    AgentStatusEvent: {
      agent: (event, _, context) => load.agent(context).load(event.agentId),
    },
  };
};
