/** The business in figures, out of the events that this process has published: each event declares what it counts. */
import { addCounter, count, countAdded } from './metrics.ts';

/** A counter that a room's events count into. */
export interface BusinessMetric<Label extends string = string> {
  /** It ends in `_total`: https://prometheus.io/docs/practices/naming/. */
  readonly name: `agora_${string}_total`;
  readonly help: string;
  /** Bounded: codes, currencies, outcomes. Never an id, never what a client wrote. */
  readonly labels: readonly Label[];
}

/** What an event counts. */
export interface Count<Payload> {
  readonly metric: BusinessMetric;
  /** A value for each of its labels. */
  labels(payload: Payload): Record<string, string>;
  /** @default one */
  by?(payload: Payload): number;
}

/** Declares a metric; the events that count into it share the declaration. */
export const businessMetric = <const Label extends string>(
  name: BusinessMetric['name'],
  help: string,
  labels: readonly Label[],
): BusinessMetric<Label> => ({ name, help, labels });

const COUNTED = new Map<string, readonly Count<any>[]>();

/** Notes what a type of event counts, and that there are such metrics. @throws Error for a metric that is declared twice */
export function declareCounts(type: string, counts: readonly Count<any>[]): void {
  for (const { metric } of counts) addCounter(metric);
  COUNTED.set(type, counts);
}

/** Counts an event that was published. What was committed is never failed by being counted. */
export function countPublished({ type, payload }: { type: string; payload: unknown }): void {
  count('agora_events_published_total', { type });
  try {
    for (const { metric, labels, by } of COUNTED.get(type) ?? [])
      countAdded(metric.name, labels(payload), by?.(payload));
  } catch {
    count('agora_collector_failures_total', { collector: 'business' });
  }
}
