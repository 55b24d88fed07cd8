import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { type AgentStatus, lifeEvents } from '../../platform/agent/registry.ts';
import { checkSize } from '../../platform/graphql/arguments.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { partsOf } from '../../platform/sagas/enqueue.ts';
import { canDo } from './agents/domain.ts';
import type { AgentsDesk } from './agents/resolvers.ts';
import { statusOf, stepStatusOf } from './domain.ts';
import type { EventsDesk } from './events-desk/resolvers.ts';
import type { OrchestrationLoaders } from './loaders.ts';
import type { OrchestrationQueries } from './queries.ts';
import type { SagaWatch } from './progress/watch.ts';
import type { AgentArea, Resolvers } from './resolvers.generated.ts';
import type { Steering } from './steering/resolvers.ts';

/** What the resolvers work with. */
export interface OrchestrationParts {
  agentContext: AgentContext;
  queries: OrchestrationQueries;
  load: OrchestrationLoaders;
  agents: AgentsDesk;
  steering: Steering;
  desk: EventsDesk;
  watchSaga: SagaWatch;
}

const TYPES = lifeEvents.map((event) => event.type);

export const orchestrationResolvers = ({
  agentContext,
  queries,
  load,
  agents,
  steering,
  desk,
  watchSaga,
}: OrchestrationParts): Resolvers => ({
  Query: {
    agents: async (_, { area, capability }) => {
      const all = await queries.agents(area?.toLowerCase() ?? null);
      return capability ? all.filter((agent) => canDo(agent, capability)) : all;
    },
    agent: (_, { id }, context) => load.agent(context).load(id),
    saga: (_, { id }, context) => load.saga(context).load(id),
    sagas: (_, { filter, ...page }) => queries.sagaPage(filter ?? {}, page),
    ...desk.resolvers.Query,
  },

  Mutation: {
    ...agents.Mutation,
    ...steering.resolvers.Mutation,
    ...desk.resolvers.Mutation,
  },

  Subscription: {
    agentStatusChanged: {
      subscribe: (_, { agentIds, after }, context) => {
        checkSize(agentIds, 100, 'agentIds');
        return watchAgents(agentContext, agentIds, after, context);
      },
    },
    sagaUpdated: { subscribe: (_, args, context) => watchSaga(args, context) },
  },

  Agent: {
    ...agents.Agent,
    __resolveReference: ({ id }, context) => load.agent(context).load(id),
    id: (agent) => agent.name,
    name: (agent) => agent.title,
    area: (agent) => agent.area.toUpperCase() as AgentArea,
  },

  AgentDependency: agents.AgentDependency,

  CircuitBreaker: agents.CircuitBreaker,

  AgentStatusEvent: {
    agent: (event, _, context) => load.agent(context).load(event.agentId),
  },

  Consumer: desk.resolvers.Consumer,

  DeadLetter: desk.resolvers.DeadLetter,

  EventAction: desk.resolvers.EventAction,

  SagaAction: steering.resolvers.SagaAction,

  SagaEvent: {
    saga: (event, _, context) => load.saga(context).load(event.sagaId),
  },

  Saga: {
    __resolveReference: ({ id }, context) => load.saga(context).load(id),
    name: (saga) => partsOf(saga.id).name,
    subjectId: (saga) => partsOf(saga.id).subjectId,
    startedAt: (saga) => new Date(Number(saga.createdAt)),
    updatedAt: (saga) => new Date(Number(saga.updatedAt)),
    steps: (saga, _, context) => load.stepsOf(context).load(saga.id),
    // Whoever may see one of them may see all: they are about the same.
    parent: (saga, _, context) => (saga.parentId === null ? null : load.saga(context).load(saga.parentId)),
    children: (saga, _, context) => load.sagasWithin(context).load(saga.id),
    actions: (saga, _, context) => steering.actionsOf(saga.id, context),
    refusal: async (saga, _, context) =>
      (await load.stepsOf(context).load(saga.id)).find((step) => step.refusal)?.refusal ?? null,
    // An operator's own reason is for the audit, and no word about whom it was.
    refusalMessage: async (saga, _, context) => {
      const refused = (await load.stepsOf(context).load(saga.id)).find((step) => step.refusal);
      return refused?.refusal === 'OPERATOR' ? 'Somebody of ours had it undone.' : (refused?.refusalMessage ?? null);
    },
    status: async (saga, _, context) => {
      const steps = await load.stepsOf(context).load(saga.id);
      return statusOf({
        engineStatus: saga.engineStatus,
        isRefused: steps.some((step) => step.refusal !== null),
        isWaiting: saga.isWaiting,
        isBegun: saga.isWaiting || steps.length > 0,
        isStuck: steps.some((step) => step.isStuck),
        failedAttempts: Math.max(0, ...steps.filter((step) => !step.isKept).map((step) => step.attempts)),
      });
    },
  },

  SagaStep: {
    status: (step) =>
      stepStatusOf({ isKept: step.isKept, isRefused: step.refusal !== null, isSkipped: step.skippedBy !== null }),
    lastError: (step) => step.lastError ?? step.refusalMessage,
    startedAt: (step) => instant(step.startedAt),
    completedAt: (step) => instant(step.completedAt),
  },
});

const instant = (milliseconds: bigint | null): Date | null =>
  milliseconds === null ? null : new Date(Number(milliseconds));

/** An event as the graph reads it. */
export interface AgentStatusEventRow {
  cursor: string;
  agentId: string;
  status: AgentStatus;
  degradation: number;
  occurredAt: Date;
}

async function* watchAgents(
  { live }: AgentContext,
  agentIds: readonly string[] | null | undefined,
  after: string | null | undefined,
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
