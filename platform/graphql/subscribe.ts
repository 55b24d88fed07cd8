import { createSourceEventStream, type DocumentNode, type ExecutionResult, execute, type GraphQLSchema } from 'graphql';
import { cancellableBy } from '../data/cancellation.ts';
import type { RequestContext } from './context.ts';

/** A subscription to open. */
export interface SubscriptionRequest {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string;
  variables?: Record<string, unknown>;
}

/**
 * Opens a subscription, and executes each of its events in a context of its own, so that the loaders' caches of one
 * event are not used for the next, hours later. Returns an `ExecutionResult` with errors if it cannot be opened.
 */
export async function subscribeAnew(
  { schema, document, operationName, variables }: SubscriptionRequest,
  context: RequestContext,
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const shared = { schema, document, operationName, variableValues: variables };
  const source = await createSourceEventStream({ ...shared, contextValue: context });
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();
  // No async generator: its `return` would wait for the pending event, and so hold the source open.
  const results: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      const { value, done } = await events.next();
      if (done) return { value: undefined, done: true };
      const contextValue = { ...context };
      const executed = cancellableBy(context.signal, () => execute({ ...shared, rootValue: value, contextValue }));
      return { value: await executed, done: false };
    },
    async return() {
      await events.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => results,
  };
  return results;
}
