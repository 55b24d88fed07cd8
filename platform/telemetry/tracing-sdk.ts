/** Tracing by OpenTelemetry's SDK. Loaded only if tracing is configured: see `tracing.ts`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
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

/** Options of tracing. */
export interface TracingOptions {
  /** An OTLP collector over HTTP: `http://collector:4318`. */
  endpoint?: string;
  /** A file to append to, a JSON line a span. */
  file?: string;
  /** Share of sampled traces among those that begin here, from 0 to 1. Others keep their sampling decision. */
  share: number;
  /** Name of this process in traces. */
  service: string;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};
/** Milliseconds between two batches of spans. */
const EVERY_MS = 1000;
/** Milliseconds for which a batch is tried to be sent: the last one is sent while the process stops, which waits for it. */
const SENT_WITHIN_MS = 2000;

/** Creates the tracing. */
export function createTracing({ endpoint, file, share, service }: TracingOptions): Tracing {
  const exporters = [
    ...(endpoint
      ? [new OTLPTraceExporter({ url: new URL('/v1/traces', endpoint).href, timeoutMillis: SENT_WITHIN_MS })]
      : []),
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
    run(name, { kind = 'internal', attributes, parent, links: others = [] }, work) {
      const from = contextOf(parent) ?? here();
      const links = others.flatMap((other) => spanContextOf(other) ?? []).map((context) => ({ context }));
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes }, links }, from);
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

/** The span that a `traceparent` names; undefined if it is invalid. */
function spanContextOf(traceparent: string | null | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
}

/** A context that continues a `traceparent`; undefined if it is invalid. */
function contextOf(parent: SpanOptions['parent']): Context | undefined {
  const spanContext = spanContextOf(parent);
  return spanContext && trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** Ends the span with the work. An error is recorded by class and code, not by its message, which may quote a user. */
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
