/**
 * Handlers that keep the books by the events of payments, in sets: the request that pays waits for none of it, and the
 * consumer's cursor moves with the transfers, so that each event counts once.
 */
import { z } from 'zod';
import { type EventHandler, onAll } from '../../../platform/consumers/handler.ts';
import type { LoggedEvent } from '../../../platform/events/event-log.ts';
import type { Ledger } from '../../../platform/ledger/ledger.ts';
import { paymentAuthorised, paymentCaptured, paymentRefunded, paymentVoided } from '../events.ts';
import type { Moved } from './domain.ts';
import { book, locksOf } from './service.ts';

const amount = z.object({ minor: z.string(), currency: z.string() });

/** The fields that the books read of an event. */
const booked = z.object({
  paymentId: z.string(),
  orderId: z.string(),
  amount,
  refundId: z.string().optional(),
  refunded: amount.optional(),
});
type Booked = z.infer<typeof booked>;

const FACTS = new Map<string, Moved['fact']>([
  [paymentAuthorised.type, 'AUTHORISED'],
  [paymentCaptured.type, 'CAPTURED'],
  [paymentVoided.type, 'VOIDED'],
  [paymentRefunded.type, 'REFUNDED'],
]);

function movedBy({ type, payload, at }: LoggedEvent<Booked>): Moved {
  const { paymentId, orderId, amount, refundId, refunded } = payload;
  const { minor, currency } = refunded ?? amount;
  return { fact: FACTS.get(type)!, paymentId, orderId, amountMinor: BigInt(minor), currency, refundId, at };
}

/** Handlers of the events that move money. */
export const bookHandlers: EventHandler<Ledger>[] = onAll(
  [...FACTS.keys()],
  booked,
  (work, events, ledger: Ledger) => book(ledger, work, events.map(movedBy)),
  ({ paymentId, amount }) => locksOf(paymentId, amount.currency),
);
