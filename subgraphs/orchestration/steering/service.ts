/** Operators' say in sagas whose steps fail. They only ask: the engine takes it up at once, before the step's next attempt. */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { Work } from '../../../platform/store/store.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import type { SagaDefinition } from '../../../platform/sagas/define-saga.ts';
import { partsOf, steerSaga } from '../../../platform/sagas/enqueue.ts';
import { checkText } from '../../../platform/text/text.ts';
import type { Tables } from '../entities.ts';
import { orchestrationQueries } from '../queries.ts';
import { type SteeringAction, stepsToSteer } from './domain.ts';
import { sagaActionRequested } from './events.ts';
import { steeringQueries } from './queries.ts';

const OPERATIONS = { RETRY: 'retrySagaStep', SKIP: 'skipSagaStep', COMPENSATE: 'compensateSaga' } as const;

/** What every one of the three mutations is given. */
interface Asked {
  sagaId: string;
  step?: string;
  reason: string;
  idempotencyKey: string;
}

export const steeringService = ({ store, clock }: AgentContext<Tables>, definitions: readonly SagaDefinition[]) => {
  const choose = async ({ sql }: Work<Tables>, action: SteeringAction, { sagaId, step }: Asked) => {
    const queries = orchestrationQueries(sql);
    const [saga] = await queries.sagasByIds([sagaId]);
    if (!saga) throw refuse('NOT_FOUND', 'There is no such saga.', ['input', 'sagaId']);
    const failing = (await queries.stepsOf([sagaId])).filter((row) => !row.is_kept).map((row) => row.name);
    const { decided, next } = await steeringQueries(sql, clock).standing(sagaId);
    const definition = definitions.find(({ name }) => name === partsOf(sagaId).name);
    return {
      next,
      steps: stepsToSteer(action, { engineStatus: saga.engine_status, failing, decided }, definition, step),
    };
  };

  return {
    /** Writes down what is asked for, and returns the saga's id. @throws Refusal NOT_FOUND, INVALID_STATE, INVALID_INPUT */
    async steer(action: SteeringAction, asked: Asked, context: RequestContext): Promise<string> {
      const { idempotencyKey: key, ...request } = asked;
      const { sagaId, reason } = asked;
      checkText(reason, ['input', 'reason'], { max: 500 });
      const by = context.actor.id;
      const once = { actor: by, operation: OPERATIONS[action], key, request };
      const done = await store.idempotent({ ...once, locks: [`saga:${sagaId}`], origin: context }, async (work) => {
        const { steps, next } = await choose(work, action, asked);
        for (const [index, step] of steps.entries()) {
          const number = next + index;
          const row = { saga_id: sagaId, number, step, action, requested_by: by, reason, at: clock.now() };
          await work.sql.insertInto('saga_action').values(row).execute();
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

export type SteeringService = ReturnType<typeof steeringService>;
