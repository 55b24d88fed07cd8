import { appendFile } from 'node:fs/promises';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** One line of the file. */
export interface SpanLine {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: string;
  /** The process of the span. */
  service: string;
  pid: number;
  /** RFC 3339. */
  start: string;
  durationMs: number;
  attributes: Record<string, unknown>;
  /** Other spans that it belongs to. */
  links?: { traceId: string; spanId: string }[];
  error?: string;
}

/** Appends spans to a file, a JSON line each: for development and tests. Several processes may share the file. */
export class FileExporter implements SpanExporter {
  readonly #path: string;
  readonly #service: string;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string, service: string) {
    this.#path = path;
    this.#service = service;
  }

  /** Appends spans. */
  export(spans: ReadableSpan[], done: (result: { code: number; error?: Error }) => void): void {
    const text = spans.map((span) => `${JSON.stringify(this.#line(span))}\n`).join('');
    this.#written = this.#append(text, done);
  }

  async #append(text: string, done: (result: { code: number; error?: Error }) => void): Promise<void> {
    try {
      await appendFile(this.#path, text);
      done({ code: 0 });
    } catch (error) {
      done({ code: 1, error: error as Error });
    }
  }

  /** Waits for pending writes. */
  async forceFlush(): Promise<void> {
    await this.#written;
  }

  /** Waits for pending writes, too. */
  async shutdown(): Promise<void> {
    await this.#written;
  }

  #line(span: ReadableSpan): SpanLine {
    const { traceId, spanId } = span.spanContext();
    const [seconds, nanoseconds] = span.startTime;
    const links = span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId }));
    return {
      traceId,
      spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      name: span.name,
      kind: SpanKind[span.kind].toLowerCase(),
      service: this.#service,
      pid: process.pid,
      start: new Date(seconds * 1000 + nanoseconds / 1e6).toISOString(),
      durationMs: span.duration[0] * 1000 + span.duration[1] / 1e6,
      attributes: span.attributes,
      ...(links.length > 0 && { links }),
      error: span.status.code === SpanStatusCode.ERROR ? span.status.message : undefined,
    };
  }
}
