import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { DependencyHealth } from '../../../platform/agent/health.ts';
import { LEASE_MS } from '../../../platform/agent/registry.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import type { BreakerState } from '../../../platform/resilience/guard.ts';
import type { Tables } from '../entities.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { stateOf } from './domain.ts';
import type { AgentRow } from './entities.ts';
import { agentsService } from './service.ts';

/** A dependency as the graph reads it. */
export type AgentDependencyRow = DependencyHealth;

/** A circuit breaker as the graph reads it: from JSON, so its date is text. */
export type CircuitBreakerRow = Omit<BreakerState, 'openedAt'> & { openedAt: string | null };

/** How agents are, and what operators do about it. */
export interface AgentsDesk {
  Mutation: Pick<NonNullable<Resolvers['Mutation']>, 'resetBreaker' | 'instructAgents'>;
  Agent: NonNullable<Resolvers['Agent']>;
  AgentDependency: NonNullable<Resolvers['AgentDependency']>;
  CircuitBreaker: NonNullable<Resolvers['CircuitBreaker']>;
}

export function agentsDesk(agentContext: AgentContext<Tables>, load: OrchestrationLoaders): AgentsDesk {
  const { resetBreaker, instruct } = agentsService(agentContext);
  const stateNow = (agent: AgentRow) => stateOf(agent, agentContext.clock.now(), LEASE_MS);
  return {
    Mutation: {
      instructAgents: (_, { input }, context) => payload(async () => ({ agents: await instruct(input, context) })),
      resetBreaker: (_, { input }, context) =>
        payload(async () => {
          const id = await resetBreaker(input, context);
          return { agent: await load.agent(context).load(id) };
        }),
    },
    Agent: {
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
  };
}
