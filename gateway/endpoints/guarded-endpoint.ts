/**
 * An agent elsewhere, asked with patience: each fetch has its time, and an agent that does not answer is left alone for
 * a while. What counts against it is that no answer came. An answer that tells of errors is one.
 */
import type { ExecutionResult } from 'graphql';
import { isTransient } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import type { SubgraphEndpoint, SubgraphRequest } from '../../platform/graphql/subgraph.ts';
import type { Guard } from '../../platform/resilience/guard.ts';
import { FETCH_TIMEOUT_MS } from '../../platform/resilience/policies.ts';
import { withDeadline } from '../../platform/wire/deadline.ts';
import { AgentAway } from '../operations/agent-away.ts';

/** How long an answer may take, in milliseconds. */
export type FetchTimeouts = typeof FETCH_TIMEOUT_MS | { query: number; mutation: number };

/** The guard of an agent must count this, and only this. */
export const isAway = (error: unknown): boolean => error instanceof AgentAway;

/** The same endpoint behind a guard. What it throws is {@link AgentAway}, or what the caller's own signal says. */
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
      // Left alone, or too many wait: said by the guard.
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

/** A query plan's fetches are written by the planner, which names the operation first. */
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
