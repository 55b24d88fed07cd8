/**
 * The metrics of this process, in one registry. Code counts facts here as they happen, by a name of the table; other
 * figures are collected at a scrape (`collectors.ts`). Nothing else imports prom-client.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { runCollectors } from './collectors.ts';
import { type LabelsOf, METRICS, type MetricDeclaration, type MetricName, type NameOf } from './table.ts';

const registry = new Registry();

const made = new Map(
  Object.entries(METRICS).map(([name, declaration]) => [name as MetricName, make(name, declaration)]),
);

function make(
  name: string,
  { kind, help, labels, buckets, series = [] }: MetricDeclaration,
): Counter | Gauge | Histogram {
  const configuration = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === 'counter') {
    const counter = new Counter(configuration);
    for (const labelled of series) counter.inc(labelled, 0);
    return counter;
  }
  if (kind === 'gauge') return new Gauge(configuration);
  return new Histogram({ ...configuration, buckets: [...buckets!] });
}

/** Increases a counter. */
export const count = <Name extends NameOf<'counter'>>(name: Name, labels: LabelsOf<Name>, by = 1): void =>
  (made.get(name) as Counter).inc(labels, by);

/** A counter that is not in the table, but declared by a room. */
interface AddedCounter {
  name: string;
  help: string;
  labels: readonly string[];
}

const added = new Map<string, { declared: AddedCounter; counter: Counter }>();

/** Registers a counter that a room declares. @throws Error for a name that another declaration has */
export function addCounter(declared: AddedCounter): void {
  const { name, help, labels } = declared;
  const known = added.get(name)?.declared;
  if (made.has(name as MetricName) || (known && (known.help !== help || String(known.labels) !== String(labels))))
    throw new Error(
      `The metric ${name} is declared otherwise elsewhere: events that count into it share a declaration.`,
    );
  if (!known) added.set(name, { declared, counter: make(name, { kind: 'counter', help, labels }) as Counter });
}

/** Increases a counter that a room has declared. */
export const countAdded = (name: string, labels: Record<string, string>, by = 1): void =>
  added.get(name)!.counter.inc(labels, by);

/** The counters that rooms have declared, in the order of their names. */
export const addedCounters = (): AddedCounter[] =>
  [...added.values()].map(({ declared }) => declared).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Adds to a gauge, or subtracts from it: for things that begin and end in this process. */
export const add = <Name extends NameOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, by: number): void =>
  (made.get(name) as Gauge).inc(labels, by);

/** Sets a gauge. */
export const set = <Name extends NameOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, value: number): void =>
  (made.get(name) as Gauge).set(labels, value);

/** Records one duration, in milliseconds; the metric is in seconds. */
export const observeMs = <Name extends NameOf<'histogram'>>(name: Name, labels: LabelsOf<Name>, ms: number): void =>
  (made.get(name) as Histogram).observe(labels, ms / 1000);

let measuresProcess = false;

/** Has Node's own metrics (memory, CPU, event loop lag) collected, from the first call on. */
export function measureProcess(): void {
  if (measuresProcess) return;
  measuresProcess = true;
  collectDefaultMetrics({ register: registry });
}

/** All metrics in Prometheus's text format, with the collectors' current values. */
export async function metricsText(): Promise<{ contentType: string; text: string }> {
  measureProcess();
  await runCollectors({
    reset: (name) => (made.get(name) as Gauge).reset(),
    set: ({ name, labels, value }) => (made.get(name) as Gauge).set(labels, value),
    failed: (collector) => count('agora_collector_failures_total', { collector }),
  });
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** The names of all metrics of a scrape, Node's own included. */
export function metricNames(): string[] {
  measureProcess();
  return registry.getMetricsAsArray().map(({ name }) => name);
}
