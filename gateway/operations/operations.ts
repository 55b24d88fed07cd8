/**
 * The stages of every operation, on every transport: gate, execution, completion, masking. Nothing here throws; an
 * error is in the result.
 */
import { type ExecutionResult, GraphQLError } from 'graphql';
import { Unavailable } from '../../platform/errors.ts';
import type { GraphVersion } from '../graph/graph-version.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { LiveUpdates } from '../live/live-updates.ts';
import type { ErrorMask } from './mask-error.ts';
import { documentOf, type Operation, requestContext } from './operation.ts';

/** Runs operations. */
export interface Operations {
  /** A query or mutation. */
  execute(operation: Operation): Promise<ExecutionResult>;
  /** A subscription; an `ExecutionResult` with errors if it may not or cannot be opened. */
  subscribe(operation: Operation): Promise<LiveStream | ExecutionResult>;
}

/** Time limit of a query or mutation, in milliseconds. */
const TIMEOUT_MS = 30_000;

/**
 * Operations of one graph version. Its subscriptions join the gateway's others, and follow the graph versions that come
 * after it.
 */
export function createOperations(
  graphVersion: GraphVersion,
  live: LiveUpdates,
  mask: ErrorMask,
  timeoutMs = TIMEOUT_MS,
): Operations {
  const run = async (operation: Operation, signal: AbortSignal): Promise<ExecutionResult> => {
    const context = requestContext(operation, signal);
    const verdict = await graphVersion.gate.check({ ...operation, ...context });
    if (verdict.kind === 'refused') return verdict.result;
    if (verdict.kind === 'pruned' && verdict.isEmpty) return verdict.finish({});
    const result = await graphVersion.execution.execute({ ...operation, ...documentOf(operation, verdict), context });
    return verdict.kind === 'pruned' ? verdict.finish(result) : result;
  };

  return {
    async execute(operation) {
      const { correlationId, signal } = operation.caller;
      const leave = graphVersion.enter();
      try {
        return await withDeadline(
          async (own) => {
            const result = await run(operation, own);
            // An operation that was given up with its client is no fault, and its answer is not read. The client's own
            // signal does not tell: @whatwg-node/server's is never `aborted` once others were derived from it.
            return own.aborted && result.errors ? clientGone() : mask.result(result, correlationId);
          },
          timeoutMs,
          signal,
        );
      } catch (error) {
        return { errors: [mask.error(error, correlationId)] };
      } finally {
        leave();
      }
    },
    async subscribe(operation) {
      const { correlationId } = operation.caller;
      try {
        const opened = await live.subscribe(graphVersion, operation);
        return Symbol.asyncIterator in opened ? opened : mask.result(opened, correlationId);
      } catch (error) {
        return { errors: [mask.error(error, correlationId)] };
      }
    },
  };
}

const clientGone = (): ExecutionResult => ({
  errors: [new GraphQLError('The client has gone.', { extensions: { code: 'CLIENT_GONE' } })],
});

async function withDeadline<T>(work: (signal: AbortSignal) => Promise<T>, ms: number, outer?: AbortSignal): Promise<T> {
  const controller = new AbortController();
  const signal = outer ? AbortSignal.any([outer, controller.signal]) : controller.signal;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Unavailable(`The operation took longer than ${ms} ms.`);
      controller.abort(error);
      reject(error);
    }, ms);
  });
  try {
    return await Promise.race([work(signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
