/**
 * Live events of sagas. Steps are not in the event log: an event per step would be a commit per step, and commits are
 * the cost of an order (design, section 5). Events are derived from the engine's own tables by polling, only while
 * there are watchers: one look for all watchers of this process, four times a second. Several attempts of a failing
 * step between two looks become one event, with their number. No other event is left out, and none is sent twice: a
 * cursor holds the events that its client has received.
 */
import DataLoader from 'dataloader';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { OrchestrationQueries } from '../queries.ts';
import { decodeTold, encodeTold } from './cursor.ts';
import { newFacts, type SagaFact, type Sight, type Told } from './domain.ts';

/** The polling interval. */
const LOOK_MS = 250;
/** The most sagas that one statement reads. */
const MAX_SAGAS = 1000;

/** An event as the graph reads it. */
export interface SagaEventRow extends Omit<SagaFact, 'told'> {
  cursor: string;
  sagaId: string;
}

interface Watched {
  sagaId: string;
  after?: string | null;
}

/** The parts that watching uses. */
interface Parts extends Pick<AgentContext, 'log'> {
  queries: OrchestrationQueries;
  load: OrchestrationLoaders;
}

export const sagaWatch = ({ queries, load, log }: Parts) => {
  const looks = new DataLoader<string, Sight | null>((ids) => see(queries, ids), {
    cache: false,
    maxBatchSize: MAX_SAGAS,
    batchScheduleFn: (look) => void setTimeout(look, LOOK_MS),
  });

  async function* follow(
    { sagaId, after }: Watched,
    context: RequestContext,
    leaving: AbortSignal,
  ): AsyncGenerator<{ sagaUpdated: SagaEventRow }> {
    let told: Told | undefined = after == null ? undefined : decodeTold(sagaId, after);
    // Another's saga and an unknown one look alike: neither has events for the subscriber.
    if (!(await load.saga(context).load(sagaId))) return;
    while (!told?.isEnded && !leaving.aborted && !context.signal?.aborted) {
      const sight = await looks.load(sagaId).catch((error: unknown) => {
        // Waits for a lost database.
        log.warn({ err: error, saga: sagaId }, 'saga cannot be seen now');
        return undefined;
      });
      if (sight === null) return;
      for (const fact of sight ? newFacts(sight, told) : []) {
        told = fact.told;
        yield { sagaUpdated: asSagaEvent(sagaId, fact) };
      }
    }
  }

  return (watched: Watched, context: RequestContext): AsyncGenerator<{ sagaUpdated: SagaEventRow }> => {
    const leaving = new AbortController();
    const events = follow(watched, context, leaving.signal);
    const end = events.return.bind(events);
    // Otherwise `return` would wait with the generator until the saga's next event.
    events.return = (value) => {
      leaving.abort();
      return end(value);
    };
    return events;
  };
};

/** Reads the sagas before their steps, so that every step of an ended saga is seen. */
async function see(queries: OrchestrationQueries, ids: readonly string[]): Promise<(Sight | null)[]> {
  const unique = [...new Set(ids)];
  const sagas = new Map((await queries.sagasByIds(unique)).map((saga) => [saga.id, saga]));
  const steps = Map.groupBy(await queries.stepsOf(unique), (step) => step.sagaId);
  return ids.map((id) => {
    const saga = sagas.get(id);
    return saga ? { saga, steps: steps.get(id) ?? [] } : null;
  });
}

const asSagaEvent = (sagaId: string, { told, ...fact }: SagaFact): SagaEventRow => ({
  ...fact,
  sagaId,
  cursor: encodeTold(sagaId, told),
});
