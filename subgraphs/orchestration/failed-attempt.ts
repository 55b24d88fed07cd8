/** Counts the failed attempts of a step, and publishes an alert when there are many. */
import { agentErrorDetected } from '../../platform/agent/error-detected.ts';
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { isHopeless } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { type SagaDefinition, stepsOf } from '../../platform/sagas/define-saga.ts';
import { kindOf, partsOf } from '../../platform/sagas/enqueue.ts';
import { STUCK_AFTER } from './domain.ts';
import type { Tables } from './entities.ts';
import type { OrchestrationQueries } from './queries.ts';

const MAX_ERROR = 500;

/** The parts that counting uses. */
interface Parts {
  queries: OrchestrationQueries;
  sagas: readonly SagaDefinition[];
}

export const failedAttempt =
  ({ store, clock, log }: AgentContext<Tables>, { queries, sagas }: Parts) =>
  async (saga: string, step: string, _attempt: number, error: Error & { code?: unknown }): Promise<void> => {
    const now = clock.now();
    const { attempts, alertedAt } = await queries.recordAttempt({
      sagaId: saga,
      step,
      error: error.message.slice(0, MAX_ERROR),
      at: now,
    });
    const isStuck = attempts >= STUCK_AFTER || isHopeless(error);
    if (!isStuck || alertedAt) return;
    const { name } = partsOf(saga);
    const errorId = newId('error');
    // One alert per saga and step. If this fails, the next failed attempt tries again.
    const isFirst = await store.write({ locks: [], origin: {} }, async ({ sql, publish }) => {
      const marked = await sql
        .updateTable('saga_attempt')
        .set({ alertedAt: now })
        .where('sagaId', '=', saga)
        .where('step', '=', step)
        .where('alertedAt', 'is', null)
        .executeTakeFirst();
      if (marked.numUpdatedRows === 0n) return false;
      const payload = {
        errorId,
        agentId: agentOf(sagas, name, step),
        errorType: typeof error.code === 'string' ? error.code : error.name,
        errorMessage: isHopeless(error)
          ? `The step "${step}" of the saga ${name} can never work as it is.`
          : `The step "${step}" of the saga ${name} has failed ${attempts} times.`,
        severity: 'HIGH' as const,
        context: { sagaId: saga, step, attempts: String(attempts) },
        timestamp: now.toISOString(),
      };
      publish(agentErrorDetected, { aggregateId: errorId, aggregateVersion: 1, payload });
      return true;
    });
    if (isFirst) log.error({ err: error, saga, step, attempts, errorId }, 'saga is stuck: somebody should look at it');
  };

/** The agent that a step or its undo asks, which is the same in each version of the saga. */
function agentOf(definitions: readonly SagaDefinition[], kind: string, step: string): string {
  const versions = definitions.filter(({ name }) => kindOf(name) === kind);
  const steps = versions.flatMap((version) => [
    ...stepsOf(version),
    ...(version.whenRefused ? [version.whenRefused] : []),
  ]);
  return steps.find(({ name }) => step === name || step === `undo ${name}`)?.agent ?? 'orchestration';
}
