/** The spans of what consumers handle. */
import type { LoggedEvent } from '../events/event-log.ts';
import { type SpanOptions, traced, traceparent } from '../telemetry/tracing.ts';
import type { Run } from './runs.ts';

const optionsOf = (consumer: string, { id, type, correlationId, traceparent: parent }: LoggedEvent): SpanOptions => ({
  kind: 'consumer',
  parent,
  attributes: {
    'agora.consumer': consumer,
    'agora.event': id,
    'agora.event_type': type,
    'agora.correlation_id': correlationId ?? undefined,
  },
});

/**
 * Handles a run of events in a span that continues the trace in which its first one was published. Those of the others
 * are linked, and each of them has a span that leads here, since a span is in one trace
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-receiving).
 */
export const tracedRun = (consumer: string, run: Run, handle: () => Promise<void>): Promise<void> => {
  const [first, ...others] = run;
  const links = others.map(({ traceparent: of }) => of);
  return traced(
    `consume ${first.type}`,
    () => ({ ...optionsOf(consumer, first), ...(others.length > 0 && { links }) }),
    async () => {
      await handle();
      const here = traceparent();
      if (here === undefined) return;
      for (const event of others)
        if (event.traceparent)
          traced(
            `consume ${event.type}`,
            () => ({ ...optionsOf(consumer, event), links: [here] }),
            () => {},
          );
    },
  );
};
