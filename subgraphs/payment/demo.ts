/** What was paid for the demo world's orders: our payments and, to match, the simulator's books. */
import type { Insertable, Kysely } from 'kysely';
import type { DemoTools } from '../../platform/agent/demo.ts';
import type { Ask } from '../../platform/commands/ask.ts';
import { deterministicId } from '../../platform/ids.ts';
import { ordersToBillForDemo } from './commands/order.generated.ts';
import type { PaymentStatus, Tables } from './entities.ts';
import type { SimulatorTables } from './provider/simulator-tables.ts';

/** An order of the demo world and what is to be known of its payment. */
export interface DemoBill {
  orderId: string;
  customerId?: string | null;
  paymentStatus: PaymentStatus;
  amount: { minor: string | bigint; currency: string };
  placedAt: string | Date;
}

type All = Tables & SimulatorTables;
type Entry = Insertable<SimulatorTables['simulator_entry']>;

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

/** What happened at the provider, for each state that a demo order's payment is in. Of the others there is no payment. */
const LIVES = {
  AUTHORIZED: { token: 'tok_ok', status: 'AUTHORISED', moves: ['AUTHORISE'] },
  CAPTURED: { token: 'tok_ok', status: 'CAPTURED', moves: ['AUTHORISE', 'CAPTURE'] },
  REFUNDED: { token: 'tok_ok', status: 'CAPTURED', moves: ['AUTHORISE', 'CAPTURE', 'REFUND'] },
  VOIDED: { token: 'tok_ok', status: 'VOIDED', moves: ['AUTHORISE', 'VOID'] },
  FAILED: { token: 'tok_declined', status: 'DECLINED', moves: [] },
} as const satisfies Partial<Record<PaymentStatus, { token: string; status: string; moves: readonly Entry['kind'][] }>>;

const DECLINED = 'The card was declined. Try another card.';

function paymentOf({ orderId, customerId = null, paymentStatus, amount, placedAt }: DemoBill, n: number) {
  if (!(paymentStatus in LIVES)) return undefined;
  const { token, status, moves } = LIVES[paymentStatus as keyof typeof LIVES];
  const id = deterministicId('payment', n);
  const refundId = deterministicId('refund', n);
  const at = new Date(placedAt);
  const amount_minor = BigInt(amount.minor);
  const did = (kind: Entry['kind']): boolean => (moves as readonly string[]).includes(kind);
  const refundedAt = new Date(at.getTime() + DAY_MS);
  const declined = status === 'DECLINED';
  const figures = {
    amount_minor,
    currency: amount.currency,
    captured_minor: did('CAPTURE') ? amount_minor : 0n,
    refunded_minor: did('REFUND') ? amount_minor : 0n,
  };
  const payment: Insertable<Tables['payment']> = {
    ...figures,
    id,
    order_id: orderId,
    customer_id: customerId,
    status: paymentStatus,
    pending: null,
    authorised_at: did('AUTHORISE') ? at : null,
    failure_code: declined ? 'PAYMENT_DECLINED' : null,
    failure: declined ? DECLINED : null,
    version: 1,
    created_at: at,
    updated_at: did('REFUND') ? refundedAt : at,
  };
  const known = {
    ...figures,
    reference: id,
    token,
    status,
    refusal: declined ? DECLINED : null,
    action_expires_at: null,
    created_at: at,
  };
  const entryOf = (kind: Entry['kind']): Entry => {
    const isRefund = kind === 'REFUND';
    return { reference: id, kind, key: isRefund ? refundId : '', amount_minor, at: isRefund ? refundedAt : at };
  };
  const refund = {
    id: refundId,
    payment_id: id,
    amount_minor,
    reason: 'CUSTOMER_REQUEST',
    status: 'DONE' as const,
    created_at: refundedAt,
  };
  return { payment, known, entries: moves.map(entryOf), refunds: did('REFUND') ? [refund] : [] };
}
