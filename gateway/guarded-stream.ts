/**
 * A subscription behind the gate: asked before it is opened, and again for every event, as the actor is by then. A
 * permission that was lost ends it with the error; so does an error of the source.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Verdict } from '../platform/gate/gate.ts';
import type { Generation } from './generation.ts';
import type { ErrorMask } from './mask-error.ts';
import { documentOf, type Operation, requestContext } from './operation.ts';
import type { OpenSubscription } from './subscriptions.ts';

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Opens the subscription, or returns why not. @throws whatever the subgraph throws */
export async function guardedStream(
  generation: Generation,
  mask: ErrorMask,
  operation: Operation,
): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
  const check = (): Promise<Verdict> => generation.gate.check({ ...operation, actor: operation.caller.actor() });
  const opening = await check();
  if (opening.kind === 'refused') return opening.result;

  const closing = new AbortController();
  const outer = operation.caller.signal;
  const signal = outer ? AbortSignal.any([outer, closing.signal]) : closing.signal;
  const opened = await generation.subscriptions.open({
    ...operation,
    ...documentOf(operation, opening),
    context: requestContext(operation.caller, signal),
  });
  if (!('join' in opened)) return opened;

  const answer = async (event: ExecutionResult): Promise<Answer> => {
    const now = await check();
    const isNarrower = [...now.denied].some((index) => !opening.denied.has(index));
    if (now.kind === 'refused' || isNarrower) return { isLast: true, result: refusal(now) };
    const joined = await opened.join(event, requestContext(operation.caller, signal));
    return { isLast: false, result: opening.kind === 'pruned' ? opening.finish(joined) : joined };
  };
  return stream(opened, answer, mask, operation.caller.correlationId, () => closing.abort());
}

interface Answer {
  result: ExecutionResult;
  isLast: boolean;
}

/** What was allowed when it was opened and is not any more. */
const refusal = (verdict: Verdict): ExecutionResult => {
  if (verdict.kind === 'refused') return verdict.result;
  const errors = verdict.kind === 'pruned' ? verdict.finish({ data: null }).errors : undefined;
  return { data: null, errors: errors ?? [permissionsChanged()] };
};

const permissionsChanged = (): GraphQLError =>
  new GraphQLError('Your permissions have changed: subscribe again.', { extensions: { code: 'FORBIDDEN' } });

/** Written by hand: an async generator would keep `return()` waiting for the next event before it lets the source go. */
function stream(
  { events }: OpenSubscription,
  answer: (event: ExecutionResult) => Promise<Answer>,
  mask: ErrorMask,
  correlationId: string,
  release: () => void,
): AsyncGenerator<ExecutionResult> {
  let isOver = false;
  const end = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    release();
    // Not awaited: a source that waits for an event ends in its own time, and nobody listens any more.
    Promise.resolve(events.return?.()).catch(() => {});
  };
  const iterator: AsyncGenerator<ExecutionResult> = {
    async next() {
      if (isOver) return DONE;
      try {
        const next = await events.next();
        if (isOver) return DONE;
        if (next.done) {
          await end();
          return DONE;
        }
        const { result, isLast } = await answer(next.value);
        if (isLast) await end();
        return { done: false, value: mask.result(result, correlationId) };
      } catch (error) {
        if (isOver) return DONE;
        await end();
        return { done: false, value: { data: null, errors: [mask.error(error, correlationId)] } };
      }
    },
    async return() {
      await end();
      return DONE;
    },
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]: () => iterator,
    [Symbol.asyncDispose]: end,
  };
  return iterator;
}
