/**
 * An agent in another process, behind timeouts and a circuit breaker: each fetch has its time, and an agent that does
 * not answer is left alone for a while. Only a missing answer counts against it: an answer with errors is an answer.
 */
import type { ExecutionResult } from 'graphql';
import { isTransient } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { SubgraphEndpoint, SubgraphRequest } from '../../platform/graphql/subgraph.ts';
import type { Guard } from '../../platform/resilience/guard.ts';
import { FETCH_TIMEOUT_MS } from '../../platform/resilience/policies.ts';
import { withDeadline } from '../../platform/wire/deadline.ts';
import { AgentAway } from '../operations/agent-away.ts';

/** Timeouts of an answer, in milliseconds. */
export type FetchTimeouts = typeof FETCH_TIMEOUT_MS | { query: number; mutation: number };

/** Whether an error counts as a failure of the agent: its guard must count this, and only this. */
export const isAway = (error: unknown): boolean => error instanceof AgentAway;

/** The same endpoint behind a guard. It throws {@link AgentAway}, or the reason of the caller's own signal. */
export function guardedEndpoint(
  endpoint: SubgraphEndpoint,
  guard: Pick<Guard, 'execute'>,
  timeouts: FetchTimeouts = FETCH_TIMEOUT_MS,
): SubgraphEndpoint {
  const { name } = endpoint;

  /** A caller who leaves says nothing about the agent. */
  const away = (error: unknown, signal: AbortSignal | undefined): unknown =>
    error instanceof AgentAway || signal?.aborted || !isTransient(error)
      ? error
      : new AgentAway(name, { cause: error });

  const asked = async <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    try {
      return await guard.execute(() =>
        work().catch((error: unknown) => {
          throw away(error, signal);
        }),
      );
    } catch (error) {
      // The guard's own refusal: the circuit is open, or too many requests wait.
      throw away(error, signal);
    }
  };

  return {
    name,
    execute(request, context) {
      const ms = isMutation(request) ? timeouts.mutation : timeouts.query;
      const late = (): AgentAway => new AgentAway(name, { cause: new Error(`no answer in ${ms} ms`) });
      return asked(context.signal, () =>
        withDeadline(ms, context.signal, late, (signal) =>
          endpoint.execute(request, { ...contextOf(context), signal }),
        ),
      );
    },
    async subscribe(request, context) {
      const opened = await asked(context.signal, () => endpoint.subscribe(request, context));
      return Symbol.asyncIterator in opened ? named(opened, (error) => away(error, context.signal)) : opened;
    },
  };
}

const contextOf = ({ actor, correlationId, client, mayLag }: RequestContext): Omit<RequestContext, 'signal'> => ({
  actor,
  correlationId,
  client,
  mayLag,
});

/** Whether a request is a mutation: the planner writes a plan's fetches, and begins each with its operation. */
const isMutation = ({ query }: SubgraphRequest): boolean => query.startsWith('mutation');

/** The same events; an error that breaks them off names the agent. */
function named(
  results: AsyncIterable<ExecutionResult>,
  away: (error: unknown) => unknown,
): AsyncIterableIterator<ExecutionResult> {
  const events = results[Symbol.asyncIterator]();
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    next: () =>
      events.next().catch((error: unknown) => {
        throw away(error);
      }),
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
