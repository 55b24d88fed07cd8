/** Business metrics, counted from the events that this process publishes: each event type declares its counts. */
import { addCounter, count, countAdded } from './metrics.ts';

/** A counter that a room's events count into. */
export interface BusinessMetric<Label extends string = string> {
  /** The name ends in `_total`: https://prometheus.io/docs/practices/naming/. */
  readonly name: `agora_${string}_total`;
  readonly help: string;
  /** Bounded in their values: codes, currencies, outcomes. Never an id, never a client's text. */
  readonly labels: readonly Label[];
}

/** A count of an event type. */
export interface Count<Payload> {
  readonly metric: BusinessMetric;
  /** A value for each of its labels. */
  labels(payload: Payload): Record<string, string>;
  /** @default one */
  by?(payload: Payload): number;
}

/** Declares a metric; event types that count it share the declaration. */
export const businessMetric = <const Label extends string>(
  name: BusinessMetric['name'],
  help: string,
  labels: readonly Label[],
): BusinessMetric<Label> => ({ name, help, labels });

const COUNTED = new Map<string, readonly Count<any>[]>();

/** Registers the counts of an event type, and their metrics. @throws Error for a metric that is declared twice */
export function declareCounts(type: string, counts: readonly Count<any>[]): void {
  for (const { metric } of counts) addCounter(metric);
  COUNTED.set(type, counts);
}

/** Counts a published event. Errors are swallowed, since the event is committed. */
export function countPublished({ type, payload }: { type: string; payload: unknown }): void {
  count('agora_events_published_total', { type });
  try {
    for (const { metric, labels, by } of COUNTED.get(type) ?? [])
      countAdded(metric.name, labels(payload), by?.(payload));
  } catch {
    count('agora_collector_failures_total', { collector: 'business' });
  }
}
