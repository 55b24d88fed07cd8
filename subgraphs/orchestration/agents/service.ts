import { agentsInstructed, breakerReset } from '../../../platform/agent/agent-events.ts';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { LEASE_MS } from '../../../platform/agent/registry.ts';
import { orchestrationQueries } from '../queries.ts';
import type { InstructAgentsInput } from '../resolvers.generated.ts';
import { stateOf } from './domain.ts';
import { AgentInstructionSchema, type AgentRow, BreakerResetSchema } from './entities.ts';

export const agentsService = ({ store, clock }: AgentContext<Tables>) => ({
  /**
   * Closes a circuit breaker in every process that has it: they follow the log. Returns the agent's name.
   * @throws Refusal NOT_FOUND, INVALID_INPUT
   */
  async resetBreaker(
    { agentId, name, reason }: { agentId: string; name: string; reason: string },
    context: RequestContext,
  ): Promise<string> {
    const id = newId('reset');
    const requestedBy = context.actor.id;
    await store.write({ locks: [], origin: context }, async ({ sql, insert, publish }) => {
      const [agent] = await orchestrationQueries(sql).agentsByNames([agentId]);
      if (!agent) throw refuse('NOT_FOUND', 'There is no such agent.', ['input', 'agentId']);
      if (!agent.health.breakers?.some((breaker) => breaker.name === name))
        throw refuse('NOT_FOUND', 'The agent has no circuit breaker of this name.', ['input', 'name']);
      const row = { id, agent: agentId, breaker: name, requestedBy, reason, at: clock.now() };
      await insert(BreakerResetSchema, row);
      publish(breakerReset, { aggregateId: id, aggregateVersion: 1, payload: { agentId, name, requestedBy } });
    });
    return agentId;
  },

  /**
   * Instructs a group of agents, in every process: they follow the log. Returns those that are alive.
   * @throws Refusal INVALID_INPUT
   */
  async instruct({ area, instruction, reason }: InstructAgentsInput, context: RequestContext): Promise<AgentRow[]> {
    const id = newId('instruction');
    const group = area?.toLowerCase() ?? null;
    const [requestedBy, at] = [context.actor.id, clock.now()];
    return store.write({ locks: [], origin: context }, async ({ sql, insert, publish }) => {
      await insert(AgentInstructionSchema, { id, area: group, instruction, requestedBy, reason, at });
      publish(agentsInstructed, {
        aggregateId: id,
        aggregateVersion: 1,
        payload: { area: group, instruction, requestedBy },
      });
      const agents = await orchestrationQueries(sql).agents(group);
      return agents.filter((agent) => stateOf(agent, at, LEASE_MS).isAlive);
    });
  },
});
