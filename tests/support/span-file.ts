/** The spans of one trace, as processes have written them to TRACES_FILE. */
import { existsSync, readFileSync } from 'node:fs';
import type { SpanLine } from '../../platform/telemetry/file-exporter.ts';

/** All whole lines so far. */
export const spansIn = (file: string): SpanLine[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as SpanLine)
    : [];

/** The spans of the trace that begins with this span; none while it has not been written. */
export function traceOf(root: string, spans: readonly SpanLine[]): SpanLine[] {
  const first = spans.find(({ name, parentSpanId }) => name === root && !parentSpanId);
  return first ? spans.filter(({ traceId }) => traceId === first.traceId) : [];
}

/** The ancestors of a span, the nearest first. */
export function ancestorsOf(span: SpanLine, trace: readonly SpanLine[]): SpanLine[] {
  const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
  return parent ? [parent, ...ancestorsOf(parent, trace)] : [];
}
