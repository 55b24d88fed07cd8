/** The same operations, each counted, timed and logged with its caller, its name, and how it ended. */
import type { ExecutionResult } from 'graphql';
import type { Logger } from '../../platform/log.ts';
import { add, count, observeMs } from '../../platform/telemetry/metrics.ts';
import { outcomeOf } from '../../platform/telemetry/outcome.ts';
import { type SpanOptions, traced } from '../../platform/telemetry/tracing.ts';
import { countErrors } from './count-errors.ts';
import { labelOf } from './label-of.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { ErrorMask } from './mask-error.ts';
import type { Operation } from './operation.ts';
import type { Operations } from './operations.ts';

/**
 * Threshold above which a query is logged at `info`, as every mutation is. Milliseconds: five times what we promise for
 * most.
 */
const SLOW_MS = 1000;

/** Label and start of one operation. */
interface Told {
  operation: string;
  kind: string;
  begun: number;
}

/** Observes operations. The mask knows the agents behind errors. */
export function observedOperations(
  operations: Operations,
  mask: Pick<ErrorMask, 'agentOf'>,
  log: Pick<Logger, 'debug' | 'info'>,
): Operations {
  const ended = (asked: Operation, { operation, kind, begun }: Told, errors: ExecutionResult['errors']): void => {
    const durationMs = Math.round((performance.now() - begun) * 10) / 10;
    const outcome = outcomeOf(errors);
    count('agora_graphql_operations_total', { operation, kind, outcome });
    observeMs('agora_graphql_operation_duration_seconds', { operation, kind }, durationMs);
    countErrors(operation, errors, mask);
    const codes = errors && [...new Set(errors.map(({ extensions }) => extensions.code))];
    const { correlationId } = asked.caller;
    const fields = { correlationId, operation, kind, actor: actorIn(asked), durationMs, outcome, codes };
    // An error has a line of its own, with the same correlation id (mask-error.ts).
    const isWorthALine = kind === 'mutation' || outcome === 'failed' || durationMs > SLOW_MS;
    log[isWorthALine ? 'info' : 'debug'](fields, 'an operation ended');
  };

  return {
    async execute(asked) {
      const told = begin(asked);
      return traced(`${told.kind} ${told.operation}`, spanOf(asked, told), async () => {
        const result = await operations.execute(asked);
        ended(asked, told, result.errors);
        return result;
      });
    },
    async subscribe(asked) {
      const told = begin(asked);
      const opened = await traced(`subscription ${told.operation}`, spanOf(asked, told), () =>
        operations.subscribe(asked),
      );
      const isOpen = Symbol.asyncIterator in opened;
      ended(asked, told, isOpen ? undefined : opened.errors);
      if (isOpen) countWhileOpen(opened, told.operation);
      return opened;
    },
  };
}

const spanOf =
  ({ caller }: Operation, { kind, operation }: Told) =>
  (): SpanOptions => ({
    kind: 'server',
    attributes: {
      'graphql.operation.type': kind,
      'graphql.operation.name': operation,
      'agora.correlation_id': caller.correlationId,
    },
  });

const begin = ({ document, operationName }: Operation): Told => ({
  ...labelOf(document, operationName),
  begun: performance.now(),
});

/** Id of the caller. Its token may have expired since. */
function actorIn({ caller }: Operation): string | undefined {
  try {
    return caller.actor().id;
  } catch {
    return undefined;
  }
}

function countWhileOpen(stream: LiveStream, operation: string): void {
  add('agora_graphql_subscriptions_open', { operation }, 1);
  stream.whenOver(() => add('agora_graphql_subscriptions_open', { operation }, -1));
}
