/** The business in figures, out of the events that this process has published: no room has to know that it is counted. */
import { z } from 'zod';
import type { Envelope } from '../events/event-log.ts';
import { count } from './metrics.ts';

const amount = z.object({ minor: z.coerce.number(), currency: z.string() });
const placed = z.object({ currency: z.string(), totalMinor: z.coerce.number() });
const changed = z.object({ newStatus: z.string(), reason: z.string().nullish() });

/** What is counted of a type of event. Tolerant readers: they take what they need. */
const COUNTED: Readonly<Record<string, (payload: unknown) => void>> = {
  'order.placed': (payload) => {
    const { currency, totalMinor } = placed.parse(payload);
    count('agora_orders_placed_total', { currency });
    count('agora_order_value_minor_total', { currency }, totalMinor);
  },
  'order.status_changed': (payload) => {
    const { newStatus, reason } = changed.parse(payload);
    count('agora_order_changes_total', { status: newStatus, reason: reason ?? '' });
  },
  'payment.authorized': () => count('agora_payments_total', { outcome: 'authorized' }),
  'payment.declined': () => count('agora_payments_total', { outcome: 'declined' }),
  'payment.failed': () => count('agora_payments_total', { outcome: 'failed' }),
  'payment.voided': () => count('agora_payments_total', { outcome: 'voided' }),
  'payment.captured': (payload) => {
    const { minor, currency } = z.object({ amount }).parse(payload).amount;
    count('agora_payments_total', { outcome: 'captured' });
    count('agora_revenue_captured_minor_total', { currency }, minor);
  },
  'payment.refunded': (payload) => {
    const { minor, currency } = z.object({ refunded: amount }).parse(payload).refunded;
    count('agora_payments_total', { outcome: 'refunded' });
    count('agora_revenue_refunded_minor_total', { currency }, minor);
  },
  'inventory.stock_reserved': () => count('agora_reservations_total', { outcome: 'reserved' }),
  'inventory.reservation_released': (payload) => {
    const { reason } = z.object({ reason: z.enum(['RELEASED', 'EXPIRED']) }).parse(payload);
    count('agora_reservations_total', { outcome: reason.toLowerCase() });
  },
};

/** Counts an event that was published. What was committed is never failed by being counted. */
export function countPublished({ type, payload }: Pick<Envelope, 'type' | 'payload'>): void {
  count('agora_events_published_total', { type });
  try {
    COUNTED[type]?.(payload);
  } catch {
    count('agora_collector_failures_total', { collector: 'business' });
  }
}
