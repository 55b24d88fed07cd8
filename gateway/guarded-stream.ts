/**
 * A subscription behind the gate: asked before it is opened, and again for every event, as the actor is by then. A
 * permission that was lost ends it with the error; so does an error of the source. When the graph changes it goes over
 * to the new generation with its source still open, so that no event is lost or repeated.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Verdict } from '../platform/gate/gate.ts';
import type { Generation } from './generation.ts';
import type { ErrorMask } from './mask-error.ts';
import { documentOf, type Operation, requestContext } from './operation.ts';
import { openStream, type StreamAnswer } from './open-stream.ts';
import type { Join, OpenSubscription } from './subscriptions.ts';
import type { Succession } from './succession.ts';

/** Where a subscription runs: in which generation, what was allowed when it came there, how its events are joined. */
interface Seat {
  generation: Generation;
  opening: Exclude<Verdict, { kind: 'refused' }>;
  join: Join;
  leave(): void;
}

/** Opens the subscription, or returns why not. @throws whatever the subgraph throws */
export async function guardedStream(
  { generation, succession }: { generation: Generation; succession: Succession },
  mask: ErrorMask,
  operation: Operation,
): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
  const opening = await check(generation, operation);
  if (opening.kind === 'refused') return opening.result;

  const closing = new AbortController();
  const outer = operation.caller.signal;
  const signal = outer ? AbortSignal.any([outer, closing.signal]) : closing.signal;
  const request = {
    ...operation,
    ...documentOf(operation, opening),
    context: requestContext(operation.caller, signal),
  };
  const leave = generation.enter();
  try {
    const opened = await generation.subscriptions.open(request);
    if ('join' in opened) {
      const { events, source, join } = opened;
      return seated({ generation, opening, join, leave }, events, {
        source,
        succession,
        mask,
        operation,
        signal,
        closing,
      });
    }
    leave();
    return opened;
  } catch (error) {
    leave();
    throw error;
  }
}

/** What stays the same for as long as a stream is open. It must not hold the generation that opened it. */
interface StreamBase {
  source: OpenSubscription['source'];
  succession: Succession;
  mask: ErrorMask;
  operation: Operation;
  signal: AbortSignal;
  closing: AbortController;
}

/** The stream of an open subscription, which follows the generations. */
function seated(
  seat: Seat,
  events: OpenSubscription['events'],
  { source, succession, mask, operation, signal, closing }: StreamBase,
): AsyncGenerator<ExecutionResult> {
  const { correlationId } = operation.caller;
  let isOver = false;

  const stream = openStream(events, {
    async answer(event) {
      const leave = seat.generation.enter();
      try {
        const { isLast, result } = await answerAt(seat, event, operation, signal);
        // Who has left reads nothing, and what their leaving broke off is no fault to tell of.
        return { isLast, result: isOver ? {} : mask.result(result, correlationId) };
      } finally {
        leave();
      }
    },
    failed: (error) => ({ data: null, errors: [mask.error(error, correlationId)] }),
    release() {
      isOver = true;
      unfollow();
      seat.leave();
      closing.abort();
    },
  });

  let moving: Promise<void> = Promise.resolve();
  const move = async (): Promise<void> => {
    if (isOver || seat.generation === succession.current) return;
    const next = await takeSeat(succession.current, operation, source);
    if (isOver) return 'result' in next ? undefined : next.leave();
    if ('result' in next) return stream.finish(mask.result(next.result, correlationId));
    seat.leave();
    seat = next;
  };
  const follow = (): void => {
    // One after the other, so that the last swap wins.
    moving = moving.then(move).catch((error: unknown) => {
      stream.finish({ data: null, errors: [mask.error(error, correlationId)] });
    });
  };
  const unfollow = succession.follow(follow);
  follow(); // The graph may have changed while it was opened.
  return stream.iterator;
}

const check = (generation: Generation, operation: Operation, isAgain = false): Promise<Verdict> =>
  generation.gate.check({
    ...operation,
    actor: operation.caller.actor(),
    correlationId: operation.caller.correlationId,
    isAgain,
  });

async function answerAt(
  { generation, opening, join }: Seat,
  event: ExecutionResult,
  operation: Operation,
  signal: AbortSignal,
): Promise<StreamAnswer> {
  const now = await check(generation, operation, true);
  const isNarrower = [...now.denied].some((index) => !opening.denied.has(index));
  // Asked once more, to be counted and told: what is lost is news, what was denied from the beginning is not.
  if (now.kind === 'refused' || isNarrower)
    return { isLast: true, result: refusal(await check(generation, operation)) };
  const joined = await join(event, requestContext(operation.caller, signal));
  return { isLast: false, result: opening.kind === 'pruned' ? opening.finish(joined) : joined };
}

/** The place in another generation, or with what to end: it does not fit there, or is not allowed. */
async function takeSeat(
  generation: Generation,
  operation: Operation,
  source: OpenSubscription['source'],
): Promise<Seat | { result: ExecutionResult }> {
  if (generation.validate(operation.document).length > 0) return { result: graphChanged() };
  const opening = await check(generation, operation);
  if (opening.kind === 'refused') return { result: opening.result };
  const join = generation.subscriptions.adopt({ ...operation, ...documentOf(operation, opening) }, source);
  return join ? { generation, opening, join, leave: generation.enter() } : { result: graphChanged() };
}

/** What was allowed when it was opened and is not any more. */
const refusal = (verdict: Verdict): ExecutionResult => {
  if (verdict.kind === 'refused') return verdict.result;
  const errors = verdict.kind === 'pruned' ? verdict.finish({ data: null }).errors : undefined;
  return { data: null, errors: errors ?? [permissionsChanged()] };
};

const permissionsChanged = (): GraphQLError =>
  new GraphQLError('Your permissions have changed: subscribe again.', { extensions: { code: 'FORBIDDEN' } });

const graphChanged = (): ExecutionResult => ({
  data: null,
  errors: [
    new GraphQLError(
      'The graph has changed, and this subscription does not fit any more: subscribe again, with the last `cursor` as ' +
        '`after` so that nothing is missed.',
      { extensions: { code: 'GRAPH_CHANGED' } },
    ),
  ],
});
