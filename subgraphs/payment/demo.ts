/** Payments of the demo's orders: our rows and, to match, the simulator's books. */
import type { Kysely } from 'kysely';
import type { DemoTools } from '../../platform/agent/demo.ts';
import type { Ask } from '../../platform/commands/ask.ts';
import type { NewRowOf, RowOf } from '../../platform/data/entity-table.ts';
import { deterministicId } from '../../platform/ids.ts';
import { ordersToBillForDemo } from './commands/order.generated.ts';
import type { PaymentSchema, PaymentStatus, RefundRow, Tables } from './entities.ts';
import type { Booked, EntryKind, SimulatorEntrySchema, SimulatorTables } from './provider/simulator-entities.ts';

/** An order of the demo, with the facts of its payment. */
export interface DemoBill {
  orderId: string;
  customerId?: string | null;
  paymentStatus: PaymentStatus;
  amount: { minor: string | bigint; currency: string };
  placedAt: string | Date;
}

type All = Tables & SimulatorTables;
type Entry = RowOf<typeof SimulatorEntrySchema>;

const CHUNK = 200;
const DAY_MS = 86_400_000;

export const paymentDemo =
  (db: Kysely<Tables>, ask: Ask) =>
  async (_tools: DemoTools): Promise<void> => {
    const { ordersToBillForDemo: bills } = await ask(ordersToBillForDemo, {});
    await insertDemoPayments(db.withTables<SimulatorTables>() as Kysely<All>, bills);
  };

/** Writes the payments. Those that are there already stay as they are. */
export async function insertDemoPayments(db: Kysely<All>, bills: readonly DemoBill[]): Promise<void> {
  const sorted = [...bills].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const books = sorted.map(paymentOf).filter((book) => book !== undefined);
  for (let start = 0; start < books.length; start += CHUNK) await insert(db, books.slice(start, start + CHUNK));
}

type Book = NonNullable<ReturnType<typeof paymentOf>>;

async function insert(db: Kysely<All>, books: readonly Book[]): Promise<void> {
  const entries = books.flatMap((book) => book.entries);
  const refunds = books.flatMap((book) => book.refunds);
  await db.transaction().execute(async (transaction) => {
    const payments = books.map((book) => book.payment);
    await transaction
      .insertInto('payment')
      .values(payments)
      .onConflict((on) => on.doNothing())
      .execute();
    const known = books.map((book) => book.known);
    await transaction
      .insertInto('simulator_payment')
      .values(known)
      .onConflict((on) => on.doNothing())
      .execute();
    if (entries.length)
      await transaction
        .insertInto('simulator_entry')
        .values(entries)
        .onConflict((on) => on.doNothing())
        .execute();
    if (refunds.length)
      await transaction
        .insertInto('refund')
        .values(refunds)
        .onConflict((on) => on.doNothing())
        .execute();
  });
}

/** The course at the provider for each payment status of a demo order. Orders in other statuses have no payment. */
const LIVES = {
  AUTHORIZED: { token: 'tok_ok', status: 'AUTHORISED', moves: ['AUTHORISE'] },
  CAPTURED: { token: 'tok_ok', status: 'CAPTURED', moves: ['AUTHORISE', 'CAPTURE'] },
  REFUNDED: { token: 'tok_ok', status: 'CAPTURED', moves: ['AUTHORISE', 'CAPTURE', 'REFUND'] },
  VOIDED: { token: 'tok_ok', status: 'VOIDED', moves: ['AUTHORISE', 'VOID'] },
  FAILED: { token: 'tok_declined', status: 'DECLINED', moves: [] },
} as const satisfies Partial<Record<PaymentStatus, { token: string; status: string; moves: readonly EntryKind[] }>>;

const DECLINED = 'The card was declined. Try another card.';

function paymentOf({ orderId, customerId = null, paymentStatus, amount, placedAt }: DemoBill, n: number) {
  if (!(paymentStatus in LIVES)) return undefined;
  const { token, status, moves } = LIVES[paymentStatus as keyof typeof LIVES];
  const id = deterministicId('payment', n);
  const refundId = deterministicId('refund', n);
  const at = new Date(placedAt);
  const amountMinor = BigInt(amount.minor);
  const did = (kind: EntryKind): boolean => (moves as readonly string[]).includes(kind);
  const refundedAt = new Date(at.getTime() + DAY_MS);
  const declined = status === 'DECLINED';
  const figures = {
    amountMinor,
    currency: amount.currency,
    capturedMinor: did('CAPTURE') ? amountMinor : 0n,
    refundedMinor: did('REFUND') ? amountMinor : 0n,
  };
  const payment: NewRowOf<typeof PaymentSchema> = {
    ...figures,
    id,
    orderId,
    customerId,
    status: paymentStatus,
    pending: null,
    authorisedAt: did('AUTHORISE') ? at : null,
    failureCode: declined ? 'PAYMENT_DECLINED' : null,
    failure: declined ? DECLINED : null,
    version: 1,
    createdAt: at,
    updatedAt: did('REFUND') ? refundedAt : at,
  };
  const known: Booked = {
    ...figures,
    reference: id,
    token,
    status,
    refusal: declined ? DECLINED : null,
    actionExpiresAt: null,
    createdAt: at,
  };
  const entryOf = (kind: EntryKind): Entry => {
    const isRefund = kind === 'REFUND';
    return { reference: id, kind, key: isRefund ? refundId : '', amountMinor, at: isRefund ? refundedAt : at };
  };
  const refund: RefundRow = {
    id: refundId,
    paymentId: id,
    amountMinor,
    reason: 'CUSTOMER_REQUEST',
    status: 'DONE',
    createdAt: refundedAt,
    number: null,
    issuedAt: null,
  };
  return { payment, known, entries: moves.map(entryOf), refunds: did('REFUND') ? [refund] : [] };
}
