/**
 * The one table of how patient we are with what we stand on. Every dependency sits behind a row of it; rooms take
 * theirs from here and do not make their own.
 */

/** How one kind of dependency is treated. */
export interface Policy {
  /** How long one call may take, in milliseconds. Without: the dependency has limits of its own. */
  timeoutMs?: number;
  /** How often a call that failed is tried again, with jitter. Only where a repetition cannot do anything twice. */
  retry?: { attempts: number; initialMs: number; maxMs: number };
  /**
   * So many failures in a row open the circuit, if they are also half of the calls of the last `withinMs`; after so
   * long one call is let through as a probe.
   */
  breaker: { failures: number; openMs: number; withinMs?: number };
  /** So many calls at once, and so many that wait for their turn; more are refused at once. */
  bulkhead: { concurrent: number; waiting: number };
}

/** What this process may be doing at once with any one dependency, far above what a healthy one needs. */
const AMPLE = { concurrent: 512, waiting: 4096 };

/** The table. */
export const POLICIES = {
  /**
   * A connection from the pool; statements and transactions have the server's own timeouts (`db/pool.ts`). Looked for
   * again every second, because everything waits for it. What is repeated after a loss, who has the key decides
   * (`platform/data/retry.ts`), so nothing is here.
   */
  database: { breaker: { failures: 5, openMs: 1000 }, bulkhead: AMPLE },
  /** A command to another agent. Whoever asked tries again with its idempotency key: the saga, or the client. */
  command: { timeoutMs: 15_000, breaker: { failures: 5, openMs: 60_000, withinMs: 10_000 }, bulkhead: AMPLE },
  /**
   * An agent elsewhere, asked by the gateway for a part of an answer. Each fetch has a time of its own
   * ({@link FETCH_TIMEOUT_MS}); other replicas are tried where it is asked (`platform/wire`).
   */
  fetch: { breaker: { failures: 5, openMs: 60_000, withinMs: 10_000 }, bulkhead: AMPLE },
  /** A provider outside, such as for payments. Not tried again here: an error means that the effect is not known. */
  provider: {
    timeoutMs: 5000,
    breaker: { failures: 5, openMs: 60_000, withinMs: 10_000 },
    bulkhead: { concurrent: 64, waiting: 256 },
  },
} as const satisfies Record<string, Policy>;

/**
 * How long an agent may take for its part of an answer, in milliseconds: a client waits for a page, but a mutation has
 * the time of a command.
 */
export const FETCH_TIMEOUT_MS = { query: 4000, mutation: 15_000 } as const;

/** What an agent does before it serves is safe to repeat. */
export const START_RETRY = { attempts: 5, initialMs: 100, maxMs: 5000 } as const;
