/**
 * Sagas live. Their steps are not in the event log: an event a step would be a commit a step, and those are what an
 * order costs (design, section 5). What is told is read from what the engine keeps anyway, and only while somebody
 * watches: one look for all watchers of this process, four times a second. Between two looks several attempts of a
 * failing step may pass; they are told as one, with their number. Nothing else is left out, and nothing told twice:
 * a cursor names what its client was told.
 */
import DataLoader from 'dataloader';
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import type { OrchestrationLoaders } from '../loaders.ts';
import type { OrchestrationQueries } from '../queries.ts';
import { decodeTold, encodeTold } from './cursor.ts';
import { newFacts, type SagaFact, type Sight, type Told } from './domain.ts';

/** How often it is looked. */
const LOOK_MS = 250;
/** Sagas that one statement reads, at most. */
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

/** What watching stands on. */
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
    // A saga that is not yours, or not there, has no events for you: the same silence for both.
    if (!(await load.saga(context).load(sagaId))) return;
    while (!told?.isEnded && !leaving.aborted && !context.signal?.aborted) {
      const sight = await looks.load(sagaId).catch((error: unknown) => {
        // A lost database is waited for.
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
    // A generator that waits for the next look would keep `return` waiting until something happens to the saga.
    events.return = (value) => {
      leaving.abort();
      return end(value);
    };
    return events;
  };
};

/** First where the sagas are and then their steps: of one that has ended, every step is seen. */
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
