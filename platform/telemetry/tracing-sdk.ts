/** Tracing by OpenTelemetry's SDK. Loaded only where traces are wanted: see `tracing.ts`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { FileExporter } from './file-exporter.ts';
import type { SpanOptions, Tracing } from './tracing.ts';

/** Where traces go, and how many. */
export interface TracingOptions {
  /** An OTLP collector over HTTP: `http://collector:4318`. */
  endpoint?: string;
  /** A file to append to, a JSON line a span. */
  file?: string;
  /** Of the traces that begin here, from 0 to 1. Of those that came from elsewhere, what was decided there. */
  share: number;
  /** What this process is called in traces. */
  service: string;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};
/** How often what was gathered is sent. Milliseconds. */
const EVERY_MS = 1000;

/** Makes it. */
export function createTracing({ endpoint, file, share, service }: TracingOptions): Tracing {
  const exporters = [
    ...(endpoint ? [new OTLPTraceExporter({ url: new URL('/v1/traces', endpoint).href })] : []),
    ...(file ? [new FileExporter(file, service)] : []),
  ];
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'process.pid': process.pid }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: exporters.map((exporter) => new BatchSpanProcessor(exporter, { scheduledDelayMillis: EVERY_MS })),
  });
  const tracer = provider.getTracer('agora');
  const contexts = new AsyncLocalStorage<Context>();
  const here = (): Context => contexts.getStore() ?? ROOT_CONTEXT;

  return {
    run(name, { kind = 'internal', attributes, parent }, work) {
      const from = contextOf(parent) ?? here();
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, from);
      return contexts.run(trace.setSpan(from, span), () => ending(span, work));
    },
    current() {
      const { traceId, spanId, traceFlags } = trace.getSpanContext(here()) ?? INVALID_SPAN_CONTEXT;
      if (traceId === INVALID_SPAN_CONTEXT.traceId) return undefined;
      return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
    },
    stop: () => provider.shutdown(),
  };
}

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** A context that goes on from a `traceparent`; undefined if it is none. */
function contextOf(parent: SpanOptions['parent']): Context | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? '') ?? [];
  if (!traceId || !spanId) return undefined;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** Ends the span with the work. Of an error its class and code, not its message, which may hold what a user wrote. */
function ending<T>(span: Span, work: () => T): T {
  const fail = (error: unknown): never => {
    const { name = 'Error', code } = (error ?? {}) as { name?: string; code?: unknown };
    span.setStatus({ code: SpanStatusCode.ERROR, message: typeof code === 'string' ? `${name} ${code}` : name });
    span.end();
    throw error;
  };
  try {
    const result = work();
    if (result instanceof Promise) {
      return result.then((value: unknown) => {
        span.end();
        return value;
      }, fail) as T;
    }
    span.end();
    return result;
  } catch (error) {
    return fail(error);
  }
}
