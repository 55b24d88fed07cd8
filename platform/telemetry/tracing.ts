/**
 * Traces: how one request went through gateway, agents, statements, events and sagas. Off unless the configuration says
 * where they go; then, and only then, OpenTelemetry's SDK is loaded (`tracing-sdk.ts`). Its global tracer is left alone:
 * what other packages would tell of themselves stays untold.
 *
 * Across processes a trace travels as W3C's `traceparent` (https://www.w3.org/TR/trace-context): in the headers of
 * requests, in the envelope of events (CloudEvents has an extension of this name) and beside the input of sagas.
 */
import type { Config } from '../config/config.ts';

/** What is known of a span when it begins. */
export interface SpanOptions {
  /** @default 'internal' */
  kind?: 'internal' | 'server' | 'client' | 'consumer';
  /** Ids and names, no personal data and no values of statements. */
  attributes?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** A `traceparent` to go on from. @default the span that is under way here */
  parent?: string | null;
}

/** Makes spans. */
export interface Tracing {
  run<T>(name: string, options: SpanOptions, work: () => T): T;
  /** Of the span that is under way here. */
  current(): { traceId: string; spanId: string; isSampled: boolean } | undefined;
  /** Sends what waits, and ends. */
  stop(): Promise<void>;
}

let tracing: Tracing | undefined;

/** Starts tracing if the configuration asks for it. Returns what ends it. */
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

/** Does the work in a span of its own. What it throws, or its promise is rejected with, is told by the span. */
export const traced = <T>(name: string, options: () => SpanOptions, work: () => T): T =>
  tracing ? tracing.run(name, options(), work) : work();

/** The same, where a span is under way: what nobody asked for, such as a poll, is no trace of its own. */
export const tracedWithin = <T>(name: () => string, options: () => SpanOptions, work: () => T): T =>
  tracing?.current() ? tracing.run(name(), options(), work) : work();

/** The `traceparent` of the span that is under way here. */
export function traceparent(): string | undefined {
  const current = tracing?.current();
  return current && `00-${current.traceId}-${current.spanId}-${current.isSampled ? '01' : '00'}`;
}

/** The headers that carry the trace to another process: none where there is none. */
export function traceHeaders(): Record<string, string> {
  const value = traceparent();
  return value ? { traceparent: value } : {};
}

/** What every line of the log tells of the trace. */
export function traceFields(): object {
  const current = tracing?.current();
  return current ? { traceId: current.traceId, spanId: current.spanId } : {};
}
