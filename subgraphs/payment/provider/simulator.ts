/**
 * A payment provider that moves no money, and behaves for each token as design.md (section 3) says. It stands for the
 * outside world: it keeps its own books, in its own transactions, and knows a payment by our reference alone.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../../../platform/clock.ts';
import { isTransient, Unavailable } from '../../../platform/errors.ts';
import { sleep } from '../../../platform/sleep.ts';
import type { Authorisation, PaymentProvider, ProviderPayment, ProviderStatus } from './provider.ts';
import { SimulatorBooks } from './simulator-books.ts';
import type { Booked, SimulatorTables } from './simulator-entities.ts';
import type { SimulatorWebhooks, WebhookData, WebhookType } from './simulator-webhooks.ts';
import { type Behaviour, behaviourOf, OFF } from './tokens.ts';

/** Options of the simulator. */
export interface SimulatorOptions {
  db: Kysely<SimulatorTables>;
  clock: Clock;
  /** Whether it takes new payments; one that does not declines them, and still carries those that it has. @default true */
  isOn?: boolean;
  /** Seconds that a buyer has for an action. */
  actionSeconds: number;
  /** Delay of the answer for `tok_slow`. */
  slowMs: number;
  /** Sends webhooks of changes. @default no webhooks */
  webhooks?: SimulatorWebhooks;
}

/** The webhook of a new payment, by its status. */
const OPENED: Partial<Record<ProviderStatus, WebhookType>> = {
  REQUIRES_ACTION: 'payment.action_required',
  AUTHORISED: 'payment.authorized',
  CAPTURED: 'payment.captured',
  DECLINED: 'payment.declined',
};

/** How a payment of such a token begins, and the webhook that tells of it. */
function openedBy({ status, refusal: reason, refusesCapture }: Behaviour, isCharge: boolean) {
  const refusal = reason ?? null;
  if (!isCharge || status !== 'AUTHORISED') return { status, refusal, type: OPENED[status]! };
  if (refusesCapture) return { status, refusal: refusesCapture, type: 'payment.capture_failed' as const };
  return { status: 'CAPTURED' as const, refusal, type: OPENED.CAPTURED! };
}

const EXPIRED = 'The confirmation by the bank was not completed in time.';

export class Simulator implements PaymentProvider {
  readonly #books: SimulatorBooks;
  readonly #o: SimulatorOptions;

  constructor(options: SimulatorOptions) {
    this.#books = new SimulatorBooks(options.db);
    this.#o = options;
  }

  authorise(payment: Authorisation, signal: AbortSignal): Promise<ProviderPayment> {
    return this.#open(payment, { isCharge: false }, signal);
  }

  charge(payment: Authorisation, signal: AbortSignal): Promise<ProviderPayment> {
    return this.#open(payment, { isCharge: true }, signal);
  }

  find(reference: string): Promise<ProviderPayment | undefined> {
    return blamingOurselves(async () => {
      const payment = await this.#look(reference);
      return payment && toAnswer(payment);
    });
  }

  confirmAction(reference: string): Promise<ProviderPayment> {
    return blamingOurselves(async () => {
      // Looking at the payment expires a late action, which is then not moved.
      await this.#look(reference);
      await this.#change(reference, 'payment.authorized', (books) =>
        books.move(reference, 'REQUIRES_ACTION', { status: 'AUTHORISED' }, 'AUTHORISE', this.#o.clock.now()),
      );
      return this.#answer(reference);
    });
  }

  capture(reference: string, signal: AbortSignal): Promise<ProviderPayment> {
    return blamingOurselves(async () => {
      const payment = await this.#look(reference);
      const { refusesCapture, loses } = behaviourOf(payment?.token ?? '');
      if (refusesCapture) {
        await this.#change(reference, 'payment.capture_failed', (books) =>
          books.note(reference, 'AUTHORISED', { refusal: refusesCapture }),
        );
        return this.#answer(reference);
      }
      const change = { status: 'CAPTURED', capturedMinor: payment?.amountMinor } as const;
      const done = await this.#change(reference, 'payment.captured', (books) =>
        books.move(reference, 'AUTHORISED', change, 'CAPTURE', this.#o.clock.now()),
      );
      return done && loses === 'capture' ? never(signal) : this.#answer(reference);
    });
  }

  void(reference: string): Promise<ProviderPayment> {
    return blamingOurselves(async () => {
      await this.#change(reference, 'payment.voided', (books) => books.void(reference, this.#o.clock.now()));
      return this.#answer(reference);
    });
  }

  refund(reference: string, refund: { reference: string; minor: bigint }): Promise<ProviderPayment> {
    return blamingOurselves(async () => {
      const { reference: key, minor } = refund;
      const refunds = (books: SimulatorBooks) => books.refund(reference, key, minor, this.#o.clock.now());
      await this.#change(reference, 'payment.refunded', refunds, { reference: key, minor: minor.toString() });
      return this.#answer(reference);
    });
  }

  #open(
    { reference, token, minor, currency }: Authorisation,
    { isCharge }: { isCharge: boolean },
    signal: AbortSignal,
  ): Promise<ProviderPayment> {
    return blamingOurselves(async () => {
      const behaviour = this.#o.isOn === false ? OFF : behaviourOf(token);
      const { slow, loses } = behaviour;
      if (slow) await sleep(this.#o.slowMs, signal);
      signal.throwIfAborted();
      const createdAt = this.#o.clock.now();
      const { status, refusal, type } = openedBy(behaviour, isCharge);
      const opened = await this.#change(reference, type, (books) =>
        books.open({
          reference,
          token,
          amountMinor: minor,
          currency,
          status,
          refusal,
          createdAt,
          capturedMinor: status === 'CAPTURED' ? minor : 0n,
          actionExpiresAt:
            status === 'REQUIRES_ACTION' ? new Date(createdAt.getTime() + this.#o.actionSeconds * 1000) : null,
        }),
      );
      const isLost = loses === 'authorise' || (loses === 'capture' && status === 'CAPTURED');
      return opened && isLost ? never(signal) : this.#answer(reference);
    });
  }

  async #answer(reference: string): Promise<ProviderPayment> {
    const payment = await this.#look(reference);
    if (!payment) throw new Error(`The simulator has no payment ${reference}.`);
    return toAnswer(payment);
  }

  /** The payment as it is now: an action whose time is over has expired. */
  async #look(reference: string): Promise<Booked | undefined> {
    const payment = await this.#books.find(reference);
    const isLate = payment?.status === 'REQUIRES_ACTION' && payment.actionExpiresAt! <= this.#o.clock.now();
    if (!isLate) return payment;
    await this.#change(reference, 'payment.expired', (books) =>
      books.note(reference, 'REQUIRES_ACTION', { status: 'EXPIRED', refusal: EXPIRED }),
    );
    return this.#books.find(reference);
  }

  /** Changes the books and, in the same transaction, stores the webhook. Returns whether there was a change. */
  async #change(
    reference: string,
    type: WebhookType,
    work: (books: SimulatorBooks) => Promise<boolean>,
    refund?: WebhookData['refund'],
  ): Promise<boolean> {
    const { db, webhooks, clock } = this.#o;
    if (!webhooks) return work(this.#books);
    const isChanged = await db.transaction().execute(async (transaction) => {
      const books = new SimulatorBooks(transaction);
      if (!(await work(books))) return false;
      const { captured, ...answer } = toAnswer((await books.find(reference))!);
      const data = { reference, ...answer, captured: captured.toString(), refund };
      await webhooks.note(transaction, { type, timestamp: clock.now(), data });
      return true;
    });
    if (isChanged) webhooks.sendSoon();
    return isChanged;
  }
}

const toAnswer = (booked: Booked): ProviderPayment => {
  const { reference, status, capturedMinor, currency, refusal, actionExpiresAt } = booked;
  return {
    status,
    captured: capturedMinor,
    currency,
    refusal: refusal ?? undefined,
    action:
      status === 'REQUIRES_ACTION' && actionExpiresAt
        ? { url: `https://payments.example/3ds/${reference}`, expiresAt: actionExpiresAt }
        : undefined,
  };
};

/** Gives no answer until the caller gives up. */
function never(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}

/** The books lie in our own database, whose outage must not count as a failure of the provider (guard.ts). */
async function blamingOurselves<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isTransient(error)
      ? new Unavailable('The books of the payment simulator cannot be read now.', { cause: error })
      : error;
  }
}
