import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { type AgentStatus, lifeEvents } from '../../../platform/agent/registry.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';

const TYPES = lifeEvents.map((event) => event.type);

/** An event as the graph reads it. */
export interface AgentStatusEventRow {
  cursor: string;
  agentId: string;
  status: AgentStatus;
  degradation: number;
  occurredAt: Date;
}

/** A live stream of the lifecycle events of these agents, or of all. */
export async function* watchAgents(
  { live }: AgentContext,
  { agentIds, after }: { agentIds?: readonly string[] | null; after?: string | null },
  context: RequestContext,
): AsyncGenerator<{ agentStatusChanged: AgentStatusEventRow }> {
  const signal = context.signal ?? new AbortController().signal;
  for await (const { event, cursor } of live.follow({ types: TYPES, after, onBegin: context.onBegin, signal })) {
    const { agentId, status, degradation } = event.payload as {
      agentId: string;
      status: AgentStatus;
      degradation: number;
    };
    if (agentIds && !agentIds.includes(agentId)) continue;
    yield { agentStatusChanged: { cursor, status, degradation, occurredAt: event.at, agentId } };
  }
}
