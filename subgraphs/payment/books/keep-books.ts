/**
 * Keeps the books by the events of payments, in sets: the request that pays waits for none of it, and the consumer's
 * cursor moves with the transfers, so that each event counts once. Payments from before the books, and those of the
 * demo, are booked by the backfill from their rows.
 */
import { z } from 'zod';
import type { BackfillPage, BackfillTools } from '../../../platform/consumers/backfill.ts';
import { type EventHandler, onAll, type SetWork } from '../../../platform/consumers/handler.ts';
import { accountLocks, type Ledger, required } from '../../../platform/ledger/ledger.ts';
import type { TransferResult } from '../../../platform/ledger/transfer.ts';
import { isHeld } from '../domain.ts';
import { accountsOf, type Moved, providerAccount, transferOf } from './domain.ts';
import type { BookingQueries, PaymentToBook } from './queries.ts';

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

const FACTS = {
  'payment.authorized': 'AUTHORISED',
  'payment.captured': 'CAPTURED',
  'payment.voided': 'VOIDED',
  'payment.refunded': 'REFUNDED',
} as const satisfies Record<string, Moved['fact']>;

function movedBy(type: string, { paymentId, orderId, amount, refundId, refunded }: Booked, at: Date): Moved {
  const { minor, currency } = refunded ?? amount;
  const fact = FACTS[type as keyof typeof FACTS];
  return { fact, paymentId, orderId, amountMinor: BigInt(minor), currency, refundId, at };
}

/** Books facts, oldest first. One that was booked before changes nothing. @throws Fault LEDGER_REFUSED */
export async function book(ledger: Ledger, work: Pick<SetWork, 'sql'>, moved: readonly Moved[]): Promise<void> {
  required(await ledger.open(work, accountsOf(moved)));
  required((await ledger.transfer(work, moved.map(transferOf))).filter((result, n) => !isEmptyVoid(moved[n]!, result)));
}

/** Whether a payment was voided of which nothing was ever held, such as one whose buyer never came back. */
const isEmptyVoid = ({ fact }: Moved, { outcome }: TransferResult): boolean =>
  fact === 'VOIDED' && outcome === 'PENDING_TRANSFER_NOT_FOUND';

const locksOf = (paymentId: string, currency: string): string[] =>
  accountLocks('payment', [paymentId, providerAccount(currency)]);

/** Handlers of the events that move money. */
export const bookHandlers: EventHandler<Ledger>[] = onAll<Booked, any, Ledger>(
  Object.keys(FACTS),
  booked,
  (work, events, ledger) =>
    book(
      ledger,
      work,
      events.map(({ type, payload, at }) => movedBy(type, payload, at)),
    ),
  ({ paymentId, amount }) => locksOf(paymentId, amount.currency),
);

const PAGE = 100;

/** Reads a page of the payments that there are, to book what has happened to them. */
export const bookBackfill =
  (ledger: Ledger, queries: BookingQueries) =>
  async ({ after }: BackfillTools): Promise<BackfillPage> => {
    const payments = await queries.toBook(after ?? '', PAGE);
    return {
      next: payments.length < PAGE ? null : payments.at(-1)!.id,
      count: payments.length,
      locks: payments.flatMap(({ id, currency }) => locksOf(id, currency)),
      apply: (work) => book(ledger, work, payments.flatMap(movedSoFar)),
    };
  };

/** The facts of a payment, as its row and its refunds tell them. */
export function movedSoFar(payment: PaymentToBook): Moved[] {
  const {
    id: paymentId,
    orderId,
    currency,
    amountMinor,
    capturedMinor,
    authorisedAt,
    status,
    updatedAt,
    refunds,
  } = payment;
  if (!authorisedAt) return [];
  const about = { paymentId, orderId, currency };
  const moved: Moved[] = [{ ...about, fact: 'AUTHORISED', amountMinor, at: authorisedAt }];
  // A payment keeps the time of its last change alone.
  if (capturedMinor > 0n)
    moved.push({
      ...about,
      fact: 'CAPTURED',
      amountMinor: capturedMinor,
      at: status === 'CAPTURED' ? updatedAt : null,
    });
  else if (!isHeld(payment)) moved.push({ ...about, fact: 'VOIDED', amountMinor, at: updatedAt });
  for (const refund of refunds)
    moved.push({
      ...about,
      fact: 'REFUNDED',
      amountMinor: refund.amountMinor,
      refundId: refund.id,
      at: refund.createdAt,
    });
  return moved;
}
