import type { RequestContext } from '../graphql/context.ts';
import type { Subgraph, SubgraphRequest } from '../graphql/subgraph.ts';
import { count, observeMs } from './metrics.ts';
import { outcomeOf } from './outcome.ts';
import { traced } from './tracing.ts';

/** The same subgraph, with every request of the gateway or another agent counted and timed. */
export const observedSubgraph = (subgraph: Subgraph): Subgraph => ({
  ...subgraph,
  execute: (request, context) =>
    traced(
      `agent ${subgraph.name}`,
      () => ({ attributes: { 'agora.agent': subgraph.name, 'agora.correlation_id': context.correlationId } }),
      () => observed(subgraph, request, context),
    ),
});

async function observed(
  subgraph: Subgraph,
  request: SubgraphRequest,
  context: RequestContext,
): ReturnType<Subgraph['execute']> {
  const agent = subgraph.name;
  const caller = context.actor.id.startsWith('agent:') ? 'agent' : 'gateway';
  const begun = performance.now();
  let outcome: ReturnType<typeof outcomeOf> = 'failed';
  try {
    const result = await subgraph.execute(request, context);
    outcome = outcomeOf(result.errors);
    return result;
  } finally {
    count('agora_agent_requests_total', { agent, caller, outcome });
    observeMs('agora_agent_request_duration_seconds', { agent, caller }, performance.now() - begun);
  }
}
