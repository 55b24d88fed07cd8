/** Metrics that are collected only at a scrape: the state of this process, and figures from the database. */
import type { NameOf } from './table.ts';

/** One value of a gauge. */
export interface Sample {
  name: NameOf<'gauge'>;
  labels: Record<string, string>;
  value: number;
}

/** Collects all values of some gauges; series that it omits are removed. */
export interface Collector {
  name: string;
  gauges: readonly NameOf<'gauge'>[];
  collect(): readonly Sample[] | Promise<readonly Sample[]>;
  /** Milliseconds for which its values are cached. @default 0 */
  freshMs?: number;
}

/** Receiver of the values. */
export interface Sink {
  reset(gauge: NameOf<'gauge'>): void;
  set(sample: Sample): void;
  failed(collector: string): void;
}

/** Timeout of a collector, in milliseconds; Prometheus itself gives up after ten seconds. */
const PATIENCE_MS = 2000;

interface Entry {
  collector: Collector;
  at: number;
  /** The pending collection, so that a slow database is not asked twice at once. */
  asking?: Promise<readonly Sample[]>;
}

const entries = new Set<Entry>();

/** Has a collector run at each scrape from now on. Returns a function that ends it. */
export function collectAtScrape(collector: Collector): () => void {
  const entry: Entry = { collector, at: -Infinity };
  entries.add(entry);
  return () => void entries.delete(entry);
}

/** Runs all collectors. One that fails or times out leaves its gauges without a value, rather than with a stale one. */
export async function runCollectors(sink: Sink, patienceMs = PATIENCE_MS): Promise<void> {
  await Promise.all([...entries].map((entry) => run(entry, sink, patienceMs)));
}

async function run(entry: Entry, sink: Sink, patienceMs: number): Promise<void> {
  const { name, gauges, freshMs = 0 } = entry.collector;
  if (performance.now() - entry.at < freshMs) return;
  try {
    const samples = await inTime(ask(entry), patienceMs);
    for (const gauge of gauges) sink.reset(gauge);
    for (const sample of samples) sink.set(sample);
    entry.at = performance.now();
  } catch {
    for (const gauge of gauges) sink.reset(gauge);
    sink.failed(name);
  }
}

function ask(entry: Entry): Promise<readonly Sample[]> {
  entry.asking ??= Promise.try(() => entry.collector.collect()).finally(() => (entry.asking = undefined));
  return entry.asking;
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('too late')), ms)));
  work.catch(() => {}); // It may reject after the timeout.
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
