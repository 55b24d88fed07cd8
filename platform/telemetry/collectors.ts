/** What is looked up only when the metrics are read: the state of this process, and truths of the database. */
import type { NameOf } from './table.ts';

/** One value of a gauge. */
export interface Sample {
  name: NameOf<'gauge'>;
  labels: Record<string, string>;
  value: number;
}

/** Knows the values of some gauges, all of them: what it does not tell is not so any more. */
export interface Collector {
  name: string;
  gauges: readonly NameOf<'gauge'>[];
  collect(): readonly Sample[] | Promise<readonly Sample[]>;
  /** What it told is told again for so long, in milliseconds. @default 0 */
  freshMs?: number;
}

/** Where the values go. */
export interface Sink {
  reset(gauge: NameOf<'gauge'>): void;
  set(sample: Sample): void;
  failed(collector: string): void;
}

/** A scrape waits for this long. Milliseconds; Prometheus itself gives up after ten seconds. */
const PATIENCE_MS = 2000;

interface Entry {
  collector: Collector;
  at: number;
  /** Under way, so that a slow database is not asked twice at once. */
  asking?: Promise<readonly Sample[]>;
}

const entries = new Set<Entry>();

/** Has a collector asked at each scrape from now on. Returns what ends it. */
export function collectAtScrape(collector: Collector): () => void {
  const entry: Entry = { collector, at: -Infinity };
  entries.add(entry);
  return () => void entries.delete(entry);
}

/** Asks all collectors. One that fails or takes too long leaves its gauges without a value: none is better than an old one. */
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
  work.catch(() => {}); // It may fail after nobody waits for it any more.
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
