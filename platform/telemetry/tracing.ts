/**
 * Distributed traces of a request through gateway, agents, statements, events and sagas. Off unless an exporter is
 * configured; only then OpenTelemetry's SDK is loaded (`tracing-sdk.ts`). Its global tracer is left alone, so that
 * other packages do not trace themselves.
 *
 * Across processes a trace is carried by W3C's `traceparent` (https://www.w3.org/TR/trace-context): in the headers of
 * requests, in the envelope of events (CloudEvents has an extension of this name) and beside the input of sagas.
 */
import type { Config } from '../config/config.ts';

/** Options of a span. */
export interface SpanOptions {
  /** @default 'internal' */
  kind?: 'internal' | 'server' | 'client' | 'consumer';
  /** Ids and names, no personal data and no parameters of statements. */
  attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** A `traceparent` to continue. @default the current span */
  parent?: string | null;
  /** Each `traceparent` of other causes or effects; what is none is left out. @default none */
  links?: readonly (string | null | undefined)[];
}

/** Creates spans. */
export interface Tracing {
  run<T>(name: string, options: SpanOptions, work: () => T): T;
  /** The current span. */
  current(): { traceId: string; spanId: string; isSampled: boolean } | undefined;
  /** Sends pending spans, and ends. */
  stop(): Promise<void>;
}

let tracing: Tracing | undefined;

/** Starts tracing if it is configured. Returns a function that ends it. */
export async function startTracing(
  config: Pick<Config, 'OTEL_EXPORTER_OTLP_ENDPOINT' | 'TRACES_FILE' | 'TRACES_SHARE'>,
  service: string,
): Promise<() => Promise<void>> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACES_FILE: file, TRACES_SHARE: share } = config;
  if (!endpoint && !file) return async () => {};
  const { createTracing } = await import('./tracing-sdk.ts');
  const started = createTracing({ endpoint, file, share, service });
  tracing = started;
  return async () => {
    if (tracing === started) tracing = undefined;
    await started.stop();
  };
}

/** Runs the work in a span of its own, which records an error or a rejection of it. */
export const traced = <T>(name: string, options: () => SpanOptions, work: () => T): T =>
  tracing ? tracing.run(name, options(), work) : work();

/** Runs the work in a span if there is a current one: background work, such as a poll, gets no trace of its own. */
export const tracedWithin = <T>(name: () => string, options: () => SpanOptions, work: () => T): T =>
  tracing?.current() ? tracing.run(name(), options(), work) : work();

/** The `traceparent` of the current span. */
export function traceparent(): string | undefined {
  const current = tracing?.current();
  return current && `00-${current.traceId}-${current.spanId}-${current.isSampled ? '01' : '00'}`;
}

/** The headers that carry the current trace to another process, if there is one. */
export function traceHeaders(): Record<string, string> {
  const value = traceparent();
  return value ? { traceparent: value } : {};
}

/** Fields of the current trace for log lines. */
export function traceFields(): object {
  const current = tracing?.current();
  return current ? { traceId: current.traceId, spanId: current.spanId } : {};
}
