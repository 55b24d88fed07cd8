/**
 * The webhooks of the simulator, sent as a provider sends them (https://www.standardwebhooks.com): over HTTP, signed at
 * each attempt, with retries and backoff until they are accepted, at least once and in no certain order, and never
 * again to an address that answers 410.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../../../platform/clock.ts';
import type { RowOf } from '../../../platform/data/entity-table.ts';
import { newId } from '../../../platform/ids.ts';
import type { Logger } from '../../../platform/log.ts';
import type { WebhookSecrets } from '../../../platform/webhooks/secrets.ts';
import { signWebhook } from '../../../platform/webhooks/signature.ts';
import type { ProviderPayment, ProviderStatus } from './provider.ts';
import type { SimulatorTables, SimulatorWebhookSchema } from './simulator-entities.ts';

/** The types of webhooks. */
export type WebhookType =
  | 'payment.action_required'
  | 'payment.authorized'
  | 'payment.declined'
  | 'payment.expired'
  | 'payment.captured'
  | 'payment.capture_failed'
  | 'payment.voided'
  | 'payment.refunded';

/** The payment as it was right after the change. */
export interface WebhookData {
  reference: string;
  status: ProviderStatus;
  /** Captured minor units. */
  captured: string;
  /** Null for a reference that was voided before it was known. */
  currency: string | null;
  refusal?: string;
  action?: ProviderPayment['action'];
  /** The refund that was just made. */
  refund?: { reference: string; minor: string };
}

/** Options of the webhooks of the simulator. */
export interface SimulatorWebhooksOptions {
  db: Kysely<SimulatorTables>;
  clock: Clock;
  log: Pick<Logger, 'warn'>;
  /** The address of the receiver; undefined until it is known. */
  url(): string | undefined;
  secrets: WebhookSecrets;
}

const BATCH = 20;
/** Standard Webhooks recommends 15 to 30 s; the simulator's receiver is near. */
const TIMEOUT_MS = 5000;
/** The lease of a claimed webhook: after it another sender may send it. */
const CLAIM_MS = TIMEOUT_MS + 1000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 3_600_000;
/** The last attempt comes about five hours after the first. */
const MAX_ATTEMPTS = 18;
const GONE = 410;

type Due = Pick<RowOf<typeof SimulatorWebhookSchema>, 'id' | 'body' | 'attempts'>;

export class SimulatorWebhooks {
  readonly #o: SimulatorWebhooksOptions;
  #isSending = false;
  #isMore = false;

  constructor(options: SimulatorWebhooksOptions) {
    this.#o = options;
  }

  /** Stores a webhook, in the transaction of its change (outbox). */
  async note(
    transaction: Transaction<SimulatorTables>,
    message: { type: WebhookType; timestamp: Date; data: WebhookData },
  ): Promise<void> {
    const row = { id: newId('msg'), body: JSON.stringify(message), nextAt: message.timestamp };
    await transaction.insertInto('simulator_webhook').values(row).execute();
  }

  /** Sends due webhooks in the background. Never throws. */
  sendSoon(): void {
    this.#isMore = true;
    if (!this.#isSending) void this.#drain();
  }

  /** Sends due webhooks, and returns how many were tried. */
  async sendDue(): Promise<number> {
    const url = this.#o.url();
    if (!url || (await this.#isGone(url))) return 0;
    const due = await this.#claim();
    await Promise.all(due.map((webhook) => this.#send(webhook, url)));
    return due.length;
  }

  async #drain(): Promise<void> {
    this.#isSending = true;
    try {
      while (this.#isMore) {
        this.#isMore = false;
        if ((await this.sendDue()) === BATCH) this.#isMore = true;
      }
    } catch (error) {
      this.#o.log.warn({ err: error }, 'webhooks of the payment simulator wait');
    } finally {
      this.#isSending = false;
    }
  }

  async #isGone(url: string): Promise<boolean> {
    const gone = await this.#o.db.selectFrom('simulator_gone').select('url').where('url', '=', url).execute();
    return gone.length > 0;
  }

  /** Claims due webhooks by a lease; if their sender dies, another one sends them after it. */
  #claim(): Promise<Due[]> {
    const now = this.#o.clock.now();
    return this.#o.db
      .updateTable('simulator_webhook')
      .set((eb) => ({ attempts: eb('attempts', '+', 1), nextAt: new Date(now.getTime() + CLAIM_MS) }))
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('simulator_webhook')
          .select('id')
          .where('nextAt', '<=', now)
          .orderBy('nextAt')
          .limit(BATCH)
          .forUpdate()
          .skipLocked(),
      )
      .returning(['id', 'body', 'attempts'])
      .execute();
  }

  async #send({ id, body, attempts }: Due, url: string): Promise<void> {
    const { db, clock, secrets } = this.#o;
    const answer = await post(url, body, signWebhook(secrets, { id, at: clock.now(), body }));
    if (answer.isTaken) return void (await db.deleteFrom('simulator_webhook').where('id', '=', id).execute());
    if (answer.status === GONE) {
      const gone = { url, at: clock.now() };
      await db
        .insertInto('simulator_gone')
        .values(gone)
        .onConflict((on) => on.doNothing())
        .execute();
    }
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
    const nextAt = attempts < MAX_ATTEMPTS ? new Date(clock.now().getTime() + delay) : null;
    const change = { nextAt, error: answer.error.slice(0, 200) };
    await db.updateTable('simulator_webhook').set(change).where('id', '=', id).execute();
  }
}

type Answer = { isTaken: true } | { isTaken: false; status?: number; error: string };

async function post(url: string, body: string, signed: Record<string, string>): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    const { status, ok } = response;
    return ok ? { isTaken: true } : { isTaken: false, status, error: `HTTP ${status}` };
  } catch (error) {
    return {
      isTaken: false,
      error: `${(error as Error).message} ${(error as { cause?: Error }).cause?.message ?? ''}`,
    };
  }
}
