import { boundedKey } from './bounded-key.ts';

/** A bucket of tokens, which is filled evenly. */
export interface Limit {
  /** Tokens in a full bucket: what may be taken at once. At least 1. */
  capacity: number;
  /** How long an empty bucket takes to be full again. */
  perSeconds: number;
}

/** What came of taking tokens. */
export interface Taken {
  allowed: boolean;
  /** Whole tokens that are left. */
  remaining: number;
  /** Until the bucket is full again, rounded up. */
  resetSeconds: number;
  /** When refused: how long until so many would be given, rounded up. 0 when allowed. */
  retryAfterSeconds: number;
}

/** Limits how often something may be done, as requests of one user. */
export interface Limiter {
  /**
   * Takes `cost` tokens from the bucket of this key, or none if there are not so many; a bucket nobody has taken from is
   * full. A cost above the capacity is always refused. Never rejects.
   */
  take(key: string, cost: number, limit: Limit): Promise<Taken>;
}

/** The most buckets; beyond, the one that was taken from longest ago is full again. */
const MOST_KEYS = 100_000;

/** What one process counts. */
export class LocalLimiter implements Limiter {
  /** When each bucket will be full, by `performance.now()`. */
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
 * The generic cell rate algorithm (ITU-T I.371): one number holds a bucket, the time until it is full, and each token
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

/** What is said of a bucket: how long until it is full, and how long until so many could be taken. Milliseconds. */
export function told(allowed: boolean, fullIn: number, retryIn: number, capacity: number, whole: number): Taken {
  return {
    allowed,
    // The hair is for what is exactly whole and was rounded on its way.
    remaining: Math.max(0, Math.floor(((whole - fullIn) * capacity) / whole + 1e-6)),
    resetSeconds: Math.ceil(fullIn / 1000),
    retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil(retryIn / 1000)),
  };
}
