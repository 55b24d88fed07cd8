import { boundedKey } from './bounded-key.ts';

/** A rate limit: a token bucket, which is refilled evenly. */
export interface Limit {
  /** Tokens in a full bucket, the largest burst. At least 1. */
  capacity: number;
  /** Seconds until an empty bucket is full again. */
  perSeconds: number;
}

/** The outcome of taking tokens. */
export interface Taken {
  allowed: boolean;
  /** Whole tokens that are left. */
  remaining: number;
  /** Seconds until the bucket is full again, rounded up. */
  resetSeconds: number;
  /** Seconds until a refused request would be allowed, rounded up. 0 when allowed. */
  retryAfterSeconds: number;
}

/** A rate limiter, for example of a user's requests. */
export interface Limiter {
  /**
   * Takes `cost` tokens from the bucket of this key, or none if there are fewer; a new bucket is full. A cost above the
   * capacity is always refused. Never rejects.
   */
  take(key: string, cost: number, limit: Limit): Promise<Taken>;
}

/** Limit of buckets: beyond it the least recently used one is dropped, and so full again. */
const MOST_KEYS = 100_000;

/** The rate limiter of one process. */
export class LocalLimiter implements Limiter {
  /** Time at which each bucket will be full, by `performance.now()`. */
  readonly #fullAt = new Map<string, number>();
  readonly #most: number;

  constructor(most = MOST_KEYS) {
    this.#most = most;
  }

  async take(name: string, cost: number, limit: Limit): Promise<Taken> {
    const key = boundedKey(name);
    const now = performance.now();
    const { fullIn, ...taken } = takeFrom((this.#fullAt.get(key) ?? now) - now, cost, limit);
    this.#fullAt.delete(key);
    if (fullIn > 0) this.#fullAt.set(key, now + fullIn);
    this.#forget(now);
    return taken;
  }

  #forget(now: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > now && this.#fullAt.size <= this.#most) return;
      this.#fullAt.delete(key);
    }
  }
}

/**
 * The generic cell rate algorithm (ITU-T I.371): a bucket is one number, the time until it is full, and each token
 * takes its share of the whole time. The script of redis-limiter.ts does the same. Milliseconds.
 */
function takeFrom(fullIn: number, cost: number, { capacity, perSeconds }: Limit): Taken & { fullIn: number } {
  const whole = perSeconds * 1000;
  const before = Math.max(0, fullIn);
  const after = before + (cost * whole) / capacity;
  const allowed = after <= whole;
  return {
    fullIn: allowed ? after : before,
    ...told(allowed, allowed ? after : before, after - whole, capacity, whole),
  };
}

/** The outcome for a bucket, by the times until it is full and until the cost could be taken. Milliseconds. */
export function told(allowed: boolean, fullIn: number, retryIn: number, capacity: number, whole: number): Taken {
  return {
    allowed,
    // The epsilon corrects rounding errors of whole numbers.
    remaining: Math.max(0, Math.floor(((whole - fullIn) * capacity) / whole + 1e-6)),
    resetSeconds: Math.ceil(fullIn / 1000),
    retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil(retryIn / 1000)),
  };
}
