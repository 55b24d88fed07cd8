/**
 * The rules of sending: what an answer means, when a failed delivery is tried again, and how long an endpoint that fails
 * is left alone.
 */

/** A receiver's answer, or why there was none. */
export interface Answer {
  /** Null where there was no answer. */
  status: number | null;
  /** The header `retry-after`. */
  retryAfter?: string | null;
}

/** What becomes of a delivery. */
export type Verdict =
  | { outcome: 'DELIVERED' }
  /** `isCounted`: an attempt of the schedule; `pausesUntil`: the receiver asked to be left alone until then. */
  | { outcome: 'RETRIED'; at: Date; isCounted: boolean; pausesUntil: Date | null }
  | { outcome: 'FAILED' }
  /** The receiver wants nothing more, ever. */
  | { outcome: 'GONE' };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * The waits after failed attempts, in milliseconds: the example of Standard Webhooks 1.0
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). After the last a delivery
 * is given up: about three days and four hours after the first attempt.
 */
export const WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** The bounds of a wait that a receiver may ask for by `retry-after`, in milliseconds. */
export const PAUSE_MS = { least: SECOND, most: HOUR };

/** The attempts of a delivery that a receiver may answer so, until that counts as any other failure. */
export const MAX_PAUSES = 100;

/** The circuit of an endpoint: it opens after so many failures in a row, for a while that doubles with each probe that fails. */
export const CIRCUIT = { failures: 5, firstMs: 30 * SECOND, mostMs: 5 * MINUTE };

/** A share of a wait that is left to chance, so that what failed together is not tried again together. */
export const JITTER = 0.2;

/** A wait with its jitter; `chance` is from 0 to 1. */
export const jittered = (ms: number, chance: number): number => Math.round(ms * (1 + JITTER * (chance - 0.5)));

/**
 * Judges an answer to an attempt.
 * @param attempts of the schedule that failed before
 * @param tried all attempts before
 * @param chance from 0 to 1
 */
export function judge(
  { status, retryAfter }: Answer,
  { attempts, tried, now, chance }: { attempts: number; tried: number; now: Date; chance: number },
): Verdict {
  if (status !== null && status >= 200 && status < 300) return { outcome: 'DELIVERED' };
  if (status === 410) return { outcome: 'GONE' };
  const pauseMs = status === 429 || status === 503 ? pauseOf(retryAfter, now) : null;
  const pausesUntil = pauseMs === null ? null : new Date(now.getTime() + pauseMs);
  // Not counted, since a receiver that limits its rate would otherwise have used up the schedule in seconds.
  if (pausesUntil && tried < MAX_PAUSES) return { outcome: 'RETRIED', at: pausesUntil, isCounted: false, pausesUntil };
  const waitMs = WAITS_MS[attempts];
  if (waitMs === undefined) return { outcome: 'FAILED' };
  const at = new Date(now.getTime() + Math.max(jittered(waitMs, chance), pauseMs ?? 0));
  return { outcome: 'RETRIED', at, isCounted: true, pausesUntil };
}

/** A date of HTTP (RFC 9110, 5.6.7), in each of its three forms. `Date.parse` alone takes `-1` for one, too. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d( \d{4}| GMT)$/;

/** The wait that `retry-after` asks for (RFC 9110, 10.2.3: seconds or a date), within bounds; null without a valid one. */
export function pauseOf(retryAfter: string | null | undefined, now: Date): number | null {
  const text = retryAfter?.trim() ?? '';
  const isDate = HTTP_DATE.test(text);
  if (!isDate && !/^\d+$/.test(text)) return null;
  // The third form names no zone, and is GMT as well.
  const ms = isDate ? Date.parse(text.replace(/( GMT)?$/, ' GMT')) - now.getTime() : Number(text) * SECOND;
  return Number.isNaN(ms) ? null : Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, ms));
}
