/**
 * The table of resilience policies: timeout, retry, circuit breaker and bulkhead for every kind of dependency. Rooms
 * take theirs from here and do not make their own.
 */

/** The policy for one kind of dependency. */
export interface Policy {
  /** Timeout of a call, in milliseconds. @default none: the dependency has limits of its own */
  timeoutMs?: number;
  /** Retries of a failed call, with jitter. Only for idempotent calls. */
  retry?: { attempts: number; initialMs: number; maxMs: number };
  /**
   * The circuit opens after `failures` in a row, if also half of the calls of the last `withinMs` failed; after
   * `openMs` one call is let through as a probe.
   */
  breaker: { failures: number; openMs: number; withinMs?: number };
  /** Limits of concurrent and of waiting calls; more are refused at once. */
  bulkhead: { concurrent: number; waiting: number };
}

/** Limit of concurrent calls to one dependency, far above the need of a healthy one. */
const AMPLE = { concurrent: 512, waiting: 4096 };

/** The policies by kind of dependency. */
export const POLICIES = {
  /**
   * A connection from the pool; statements and transactions have the server's own timeouts (`db/pool.ts`). It is probed
   * every second, because everything waits for it. No retry here: the holder of an idempotency key decides about that
   * (`platform/data/retry.ts`).
   */
  database: { breaker: { failures: 5, openMs: 1000 }, bulkhead: AMPLE },
  /** A command to another agent. The saga or the client retries it with its idempotency key. */
  command: { timeoutMs: 15_000, breaker: { failures: 5, openMs: 60_000, withinMs: 10_000 }, bulkhead: AMPLE },
  /**
   * A fetch of the gateway from an agent in another process. Each fetch has a timeout of its own
   * ({@link FETCH_TIMEOUT_MS}); other replicas are tried by `platform/wire`.
   */
  fetch: { breaker: { failures: 5, openMs: 60_000, withinMs: 10_000 }, bulkhead: AMPLE },
  /** An outside provider, such as for payments. No retry: after an error it is unknown whether there was an effect. */
  provider: {
    timeoutMs: 5000,
    breaker: { failures: 5, openMs: 60_000, withinMs: 10_000 },
    bulkhead: { concurrent: 64, waiting: 256 },
  },
} as const satisfies Record<string, Policy>;

/**
 * Timeouts of a fetch from an agent, in milliseconds: a client waits for a page, but a mutation has the time of a
 * command.
 */
export const FETCH_TIMEOUT_MS = { query: 4000, mutation: 15_000 } as const;

/** Retries of an agent's preparation before it serves, which is idempotent. */
export const START_RETRY = { attempts: 5, initialMs: 100, maxMs: 5000 } as const;
