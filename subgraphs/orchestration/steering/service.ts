/** Operators' actions on sagas whose steps fail. The engine takes them up at once, before the step's next attempt. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import type { Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import { steerSaga } from '../../../platform/sagas/enqueue.ts';
import { SagaActionSchema, type SagaActionType, type Tables } from '../entities.ts';
import { orchestrationQueries } from '../queries.ts';
import { stepsToSteer } from './domain.ts';
import { sagaActionRequested } from './events.ts';
import { steeringQueries } from './queries.ts';

const OPERATIONS = { RETRY: 'retrySagaStep', SKIP: 'skipSagaStep', COMPENSATE: 'compensateSaga' } as const;

/** The input that the three mutations have. */
interface Asked {
  sagaId: string;
  step?: string;
  reason: string;
  idempotencyKey: string;
}

export const steeringService = ({ store, clock }: AgentContext<Tables>, definitions: readonly SagaDefinition[]) => {
  const choose = async ({ sql }: Work<Tables>, action: SagaActionType, { sagaId, step }: Asked) => {
    const queries = orchestrationQueries(sql);
    const [saga] = await queries.sagasByIds([sagaId]);
    if (!saga) throw refuse('NOT_FOUND', 'There is no such saga.', ['input', 'sagaId']);
    const failing = (await queries.stepsOf([sagaId])).filter((row) => !row.isKept).map((row) => row.name);
    const { decided, next } = await steeringQueries(sql, clock).standing(sagaId);
    const definition = definitions.find(({ name }) => name === saga.name);
    return {
      next,
      steps: stepsToSteer(action, { engineStatus: saga.engineStatus, failing, decided }, definition, step),
    };
  };

  return {
    /** Records the decision, and returns the saga's id. @throws Refusal NOT_FOUND, INVALID_STATE, INVALID_INPUT */
    async steer(action: SagaActionType, asked: Asked, context: RequestContext): Promise<string> {
      const { sagaId, reason } = asked;
      const by = context.actor.id;
      const options = { ...idempotencyOf(OPERATIONS[action], asked, context), locks: [`saga:${sagaId}`] };
      const done = await store.idempotent(options, async (work) => {
        const { steps, next } = await choose(work, action, asked);
        for (const [index, step] of steps.entries()) {
          const number = next + index;
          await work.insert(SagaActionSchema, {
            sagaId,
            number,
            step,
            action,
            requestedBy: by,
            reason,
            at: clock.now(),
          });
          const payload = { sagaId, step, action, by };
          work.publish(sagaActionRequested, { aggregateId: sagaId, aggregateVersion: number, payload });
        }
        await steerSaga(work.sql, sagaId, `steer:${sagaId}:${next}`);
        return { sagaId };
      });
      return done.sagaId;
    },
  };
};
