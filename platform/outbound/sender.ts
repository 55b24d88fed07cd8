/**
 * Sends what is due, in every process of the agent: at least once, in order for each aggregate and endpoint.
 *
 * A sender claims lanes for the time of a lease and sends the first delivery of each. If its process dies, the lease ends
 * and another process sends the same again, with the same `webhook-id`, by which the receiver knows it.
 *
 * Nothing is polled for: it is woken after a commit that recorded something, when one of its attempts has ended, and at the
 * time at which the next lane is due. A look now and then finds what a process that died had not told of.
 */
import { randomUUID } from 'node:crypto';
import { bulkhead } from 'cockatiel';
import type { AgentContext } from '../agent/agent-context.ts';
import { Bell } from '../bell.ts';
import { keepLooking } from '../keep-looking.ts';
import { count } from '../telemetry/metrics.ts';
import { traced } from '../telemetry/tracing.ts';
import { signWebhook } from '../webhooks/signature.ts';
import type { DisabledReason } from './entities.ts';
import type { Claimed, DueEndpoint, OutboundSql } from './outbound-sql.ts';
import type { Attempt, Transport } from './post.ts';
import { CIRCUIT, judge, jittered, type Verdict } from './schedule.ts';
import { signingSecrets } from './secrets.ts';

/** Attempts under way at once, for one endpoint and for all, in one process. */
export const CONCURRENT = { endpoint: 8, all: 512 };
/** Statements of the sender at once, so that it leaves connections to others. */
const STATEMENTS = 4;
/** Milliseconds between two looks without a reason. */
const LOOK_MS = 30_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Milliseconds that attempts under way are given when the process ends. */
const GRACE_MS = 3000;

/** Parts of a sender. */
export interface SenderParts extends Pick<AgentContext, 'store' | 'clock' | 'secrets' | 'log'> {
  agent: string;
  sql: OutboundSql;
  /** The way to an endpoint's receiver. */
  transportFor(endpoint: Pick<DueEndpoint, 'merchantId'>): Transport;
  /** Records the next page of a replay; true if there is more to do at once, to record or to send. */
  catchUp(endpoint: DueEndpoint): Promise<boolean>;
  /** Disables an endpoint by itself, if it is enabled. */
  disable(endpointId: string, reason: Exclude<DisabledReason, 'BY_USER'>): Promise<void>;
  /** How long a claim lasts, in milliseconds: well beyond the timeout of an attempt. */
  leaseMs: number;
  /** Days without a success after which an endpoint is disabled. */
  failingDays: number;
}

/** Sends the deliveries of one agent, in one process. */
export class Sender {
  readonly #o: SenderParts;
  readonly #statements = bulkhead(STATEMENTS, Infinity);
  /** Attempts under way, by endpoint. */
  readonly #underWay = new Map<string, number>();
  readonly #all = new Set<Promise<void>>();
  readonly #bell = new Bell();

  constructor(parts: SenderParts) {
    this.#o = parts;
  }

  /** Has it look for due deliveries at once. */
  wake(): void {
    this.#bell.ring();
  }

  /** Sends until aborted; then attempts under way are given a moment. @throws any error but of infrastructure */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#o;
    const ending = new AbortController();
    const complaint = 'due webhooks will be looked for again';
    try {
      await keepLooking(() => this.#round(ending.signal), { bell: this.#bell, log, complaint }, signal);
    } finally {
      const late = setTimeout(() => ending.abort(), GRACE_MS);
      await Promise.all(this.#all);
      clearTimeout(late);
    }
  }

  /** Begins all attempts that are due and have room. Returns the milliseconds until the next one is due. */
  async #round(ending: AbortSignal): Promise<number> {
    const { sql, store, clock } = this.#o;
    const endpoints = await this.#statements.execute(() => sql.due(store.read));
    let waitMs = LOOK_MS;
    // Those with the fewest attempts under way first, so that a slow one takes no other's turn.
    for (const endpoint of endpoints.toSorted((a, b) => this.#busy(a.id) - this.#busy(b.id))) {
      if (endpoint.replayAfter !== null && (await this.#catchUp(endpoint))) this.wake();
      if (endpoint.dueAt === null) continue;
      const dueAt = Math.max(endpoint.dueAt.getTime(), endpoint.resumesAt?.getTime() ?? 0);
      const inMs = dueAt - clock.now().getTime();
      if (inMs > 0) waitMs = Math.min(waitMs, inMs);
      else await this.#begin(endpoint, ending);
    }
    return waitMs;
  }

  /** The next page of a replay. One that fails is tried again at a later look, and holds up no other endpoint. */
  async #catchUp(endpoint: DueEndpoint): Promise<boolean> {
    const { log, catchUp } = this.#o;
    try {
      return await this.#statements.execute(() => catchUp(endpoint));
    } catch (err) {
      log.error({ err, endpoint: endpoint.id }, 'a replay of webhooks goes no further now');
      return false;
    }
  }

  /** Begins the attempts of an endpoint that are due, as far as there is room; its end wakes the sender again. */
  async #begin(endpoint: DueEndpoint, ending: AbortSignal): Promise<void> {
    const { sql, store, clock, leaseMs } = this.#o;
    const room = Math.min(CONCURRENT.endpoint - this.#busy(endpoint.id), CONCURRENT.all - this.#all.size);
    if (room <= 0) return;
    const now = clock.now();
    const until = new Date(now.getTime() + leaseMs);
    const isProbe = endpoint.resumesAt !== null;
    const claim = randomUUID();
    const claimed = await this.#statements.execute(() =>
      sql.claim(store.read, endpoint.id, { now, until, claim, limit: room, isProbe }),
    );
    for (const one of claimed) {
      this.#underWay.set(endpoint.id, this.#busy(endpoint.id) + 1);
      const attempt = this.#attempt(one, { endpoint, claim, isProbe }, ending).finally(() => {
        const busy = this.#busy(endpoint.id) - 1;
        if (busy > 0) this.#underWay.set(endpoint.id, busy);
        else this.#underWay.delete(endpoint.id);
        this.#all.delete(attempt);
        this.wake();
      });
      this.#all.add(attempt);
    }
  }

  #busy(endpointId: string): number {
    return this.#underWay.get(endpointId) ?? 0;
  }

  /** One attempt, from the signature to the note of its end. Never rejects: its lease ends by itself. */
  async #attempt(claimed: Claimed, held: Held, ending: AbortSignal): Promise<void> {
    const { agent, log, disable, clock } = this.#o;
    const { endpoint } = held;
    try {
      if (claimed.id === null) return void (await this.#settle(claimed, held, undefined));
      const at = clock.now();
      const attempt = await this.#send(claimed, endpoint, at, ending);
      // Broken off by our own end: it is no failure, and is due at once for another process.
      const isOurs = ending.aborted && attempt.status === null;
      const verdict = isOurs ? undefined : judge(attempt, { ...claimed, now: clock.now(), chance: Math.random() });
      const failingSince = await this.#settle(claimed, held, verdict && { verdict, attempt, at });
      if (!verdict) return;
      count('agora_outbound_attempts_total', { agent, outcome: verdict.outcome.toLowerCase() });
      if (verdict.outcome === 'GONE') await disable(endpoint.id, 'GONE');
      else if (failingSince && (await this.#isHopeless(endpoint, failingSince))) await disable(endpoint.id, 'FAILING');
    } catch (error) {
      log.warn({ err: error, endpoint: endpoint.id, delivery: claimed.id }, 'a webhook waits for the end of its lease');
    }
  }

  /** Whether nothing has succeeded for days, and this failure is none that stands alone after days of silence. */
  async #isHopeless({ id }: DueEndpoint, failingSince: Date): Promise<boolean> {
    const { sql, store, clock, failingDays } = this.#o;
    const before = (ms: number): Date => new Date(clock.now().getTime() - ms);
    if (failingSince > before(failingDays * DAY_MS)) return false;
    return this.#statements.execute(() =>
      sql.hasFailed(store.read, id, { from: before(2 * DAY_MS), to: before(HOUR_MS) }),
    );
  }

  #send(
    { id, webhookId, eventType, body }: Claimed,
    endpoint: DueEndpoint,
    at: Date,
    ending: AbortSignal,
  ): Promise<Attempt> {
    const { transportFor, secrets, log } = this.#o;
    const attributes = { 'agora.endpoint': endpoint.id, 'agora.delivery': id!, 'agora.event_type': eventType };
    return traced(
      `send webhook ${eventType}`,
      () => ({ kind: 'client' as const, attributes }),
      async () => {
        let signed: ReturnType<typeof signWebhook>;
        try {
          signed = signWebhook(signingSecrets(endpoint, secrets, at), { id: webhookId, at, body });
        } catch (err) {
          log.error({ err, endpoint: endpoint.id }, 'a webhook cannot be signed');
          return unsigned(err);
        }
        const headers = { 'content-type': 'application/json', 'user-agent': 'Agora-Webhooks/1', ...signed };
        return transportFor(endpoint).post({ url: endpoint.url, headers, body, signal: ending });
      },
    );
  }

  /**
   * Notes the end of an attempt and gives its lane back, in one transaction; nothing if the claim is not in force any more.
   * Returns since when its endpoint has had no success, after a failure.
   */
  #settle(
    { aggregateId, id, attempts }: Claimed,
    { endpoint, claim, isProbe }: Held,
    ended: { verdict: Verdict; attempt: Attempt; at: Date } | undefined,
  ): Promise<Date | undefined> {
    const { sql, store, clock, leaseMs } = this.#o;
    const write = () =>
      store.write({ locks: [], origin: {} }, async ({ sql: db }) => {
        if (!(await sql.holdLane(db, endpoint.id, aggregateId, claim))) return undefined;
        const now = clock.now();
        let [dueAt, failingSince]: [Date, Date | undefined] = [now, undefined];
        if (ended) {
          const { verdict, attempt, at } = ended;
          const isOver = verdict.outcome === 'DELIVERED' || verdict.outcome === 'FAILED';
          const isCounted = verdict.outcome === 'FAILED' || (verdict.outcome === 'RETRIED' && verdict.isCounted);
          const { durationMs, status: statusCode, error, excerpt: answer } = attempt;
          await sql.note(
            db,
            id!,
            {
              status: isOver ? verdict.outcome : 'WAITING',
              attempts: isCounted ? attempts + 1 : attempts,
              finishedAt: isOver ? now : null,
            },
            { at, durationMs, statusCode, error, answer },
          );
          if (verdict.outcome === 'RETRIED') dueAt = verdict.at;
          // Not before its endpoint is disabled.
          if (verdict.outcome === 'GONE') dueAt = new Date(now.getTime() + leaseMs);
          if (verdict.outcome === 'DELIVERED') {
            // What waits for the circuit need not wait for its own time as well.
            if ((await sql.succeeded(db, endpoint.id)) && isProbe) await sql.hurry(db, endpoint.id, now);
          } else {
            const pausesUntil = verdict.outcome === 'RETRIED' ? verdict.pausesUntil : null;
            const chance = jittered(1000, Math.random()) / 1000;
            failingSince = await sql.failed(db, endpoint.id, { now, isProbe, circuit: CIRCUIT, chance, pausesUntil });
          }
        }
        if (!(await sql.closeLane(db, endpoint.id, aggregateId)))
          await sql.giveBack(db, endpoint.id, aggregateId, dueAt);
        return failingSince;
      });
    return this.#statements.execute(write);
  }
}

/** What an attempt holds. */
interface Held {
  endpoint: DueEndpoint;
  claim: string;
  isProbe: boolean;
}

/** An attempt that ends before the receiver is asked: it fails like any other, so that the endpoint's owner sees it. */
const unsigned = (error: unknown): Attempt => ({
  status: null,
  durationMs: 0,
  excerpt: null,
  error: `not sent: ${(error as Error).message} An operator can put its key back among SECRET_KEYS, or you give the endpoint a new secret (rotateWebhookSecret).`,
});
