import { breakerReset } from '../../../platform/agent/agent-events.ts';
import type { Ground } from '../../../platform/agent/ground.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { newId } from '../../../platform/ids.ts';
import type { Tables } from '../entities.ts';
import { orchestrationQueries } from '../queries.ts';

const MAX_REASON = 500;

export const agentsService = ({ store, clock }: Ground<Tables>) => ({
  /**
   * Has a circuit breaker closed, in every process that has it: they follow the log. Returns the agent's name.
   * @throws Refusal NOT_FOUND, INVALID_INPUT
   */
  async resetBreaker(
    { agentId, name, reason }: { agentId: string; name: string; reason: string },
    context: RequestContext,
  ): Promise<string> {
    if (reason.trim().length === 0 || reason.length > MAX_REASON)
      throw refuse('INVALID_INPUT', `A reason has 1 to ${MAX_REASON} characters.`, ['input', 'reason']);
    const id = newId('reset');
    const requestedBy = context.actor.id;
    await store.write({ locks: [], origin: context }, async ({ sql, publish }) => {
      const [agent] = await orchestrationQueries(sql).agentsByNames([agentId]);
      if (!agent) throw refuse('NOT_FOUND', 'There is no such agent.', ['input', 'agentId']);
      if (!agent.health.breakers?.some((breaker) => breaker.name === name))
        throw refuse('NOT_FOUND', 'The agent has no circuit breaker of this name.', ['input', 'name']);
      const row = { id, agent: agentId, breaker: name, requested_by: requestedBy, reason, at: clock.now() };
      await sql.insertInto('breaker_reset').values(row).execute();
      publish(breakerReset, { aggregateId: id, aggregateVersion: 1, payload: { agentId, name, requestedBy } });
    });
    return agentId;
  },
});
