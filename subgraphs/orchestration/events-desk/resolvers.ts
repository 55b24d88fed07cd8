import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { encodeCursor } from '../../../platform/events/cursor.ts';
import { agentOf } from '../../../platform/projections/projection.ts';
import { payload } from '../../../platform/graphql/payload.ts';
import { loadOne } from '../../../platform/graphql/per-request.ts';
import type { Tables } from '../entities.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { Resolvers } from '../resolvers.generated.ts';
import { eventsDeskQueries } from './queries.ts';
import { eventsDeskService } from './service.ts';

/** Resolvers of the operators' desk for events. */
export const eventsDeskResolvers = (agentContext: AgentContext<Tables>, load: OrchestrationLoaders): Resolvers => {
  const { clock, allAgents } = agentContext;
  const queries = eventsDeskQueries(agentContext.store.read);
  const service = eventsDeskService(agentContext);
  const consumer = loadOne(
    (names) => queries.consumers(names),
    (row) => row.name,
  );
  const acted = (useCase: () => Promise<string>) =>
    payload(async () => ({ action: await queries.actionById(await useCase()) }));

  return {
    Query: {
      consumers: () => queries.consumers(),
      deadLetters: (_, { filter, ...page }) => queries.deadLetterPage(filter ?? {}, page),
      eventActions: (_, { filter, ...page }) => queries.actionPage(filter ?? {}, page),
    },
    Mutation: {
      redriveEvents: (_, { input }, context) => acted(() => service.redrive(input, context)),
      discardEvent: (_, { input }, context) => acted(() => service.discard(input, context)),
      replayConsumer: (_, { input }, context) => acted(() => service.replay(input, context)),
      rebuildProjection: (_, { input }, context) => acted(() => service.rebuild(input, context)),
      cancelRebuild: (_, { input }, context) => acted(() => service.cancelRebuild(input, context)),
    },
    Consumer: {
      agent: (row, _, context) => load.agent(context).load(agentOf(row.name)),
      cursor: (row) => encodeCursor(row, row.generation),
      lagSeconds: (row) => (row.lagSince ? Math.max(0, (clock.now().getTime() - row.lagSince.getTime()) / 1000) : 0),
      rebuild: async ({ name, rebuild: status, rebuildVersion: version }, _, context) =>
        status && { status, version, consumer: await consumer(context).load(`${name}.next`) },
      isReplayable: (row) => allAgents.some(({ name, replayable }) => name === row.name && replayable === true),
    },
    DeadLetter: {
      consumer: (row, _, context) => consumer(context).load(row.consumer),
      // A dead letter has no next attempt.
      nextAttemptAt: (row) => (row.state === 'WAITING' ? row.nextAt : null),
      occurredAt: (row) => new Date(row.occurredAt),
    },
    EventAction: {
      consumer: (row, _, context) => consumer(context).load(row.consumer),
      consumerName: (row) => row.consumer,
    },
  };
};
