import { partsOf } from '../../platform/sagas/enqueue.ts';
import { statusOf, stepStatusOf } from './domain.ts';
import type { OrchestrationLoaders } from './loaders.ts';
import type { OrchestrationQueries } from './queries.ts';
import type { Resolvers } from './resolvers.generated.ts';

/** The parts that the resolvers call. */
interface Parts {
  queries: OrchestrationQueries;
  load: OrchestrationLoaders;
}

export const orchestrationResolvers = ({ queries, load }: Parts): Resolvers => ({
  Query: {
    saga: (_, { id }, context) => load.saga(context).load(id),
    sagas: (_, { filter, ...page }) => queries.sagaPage(filter ?? {}, page),
  },

  Saga: {
    __resolveReference: ({ id }, context) => load.saga(context).load(id),
    name: (saga) => partsOf(saga.id).name,
    subjectId: (saga) => partsOf(saga.id).subjectId,
    startedAt: (saga) => new Date(Number(saga.createdAt)),
    updatedAt: (saga) => new Date(Number(saga.updatedAt)),
    steps: (saga, _, context) => load.stepsOf(context).load(saga.id),
    // A caller who may see one of them may see all: they have the same subject.
    parent: (saga, _, context) => (saga.parentId === null ? null : load.saga(context).load(saga.parentId)),
    children: (saga, _, context) => load.sagasWithin(context).load(saga.id),
    refusal: async (saga, _, context) =>
      (await load.stepsOf(context).load(saga.id)).find((step) => step.refusal)?.refusal ?? null,
    // An operator's reason and name are for the audit only.
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
