/** The rules of customers and their addresses. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import { plainNumber } from '../../platform/text/plain-number.ts';

/** The most addresses of one customer. */
export const MAX_ADDRESSES = 50;

/**
 * A telephone number as people write it, with ASCII digits and without the invisible characters that programs put
 * around copied numbers; null if empty.
 * @throws Refusal INVALID_INPUT
 */
export function checkPhone(phone: string | null, path: readonly string[]): string | null {
  const trimmed = phone ? plainNumber(phone).replace(DIRECTION, '').trim() || null : null;
  const digits = trimmed?.replace(/\D/g, '').length ?? 0;
  if (trimmed && (!/^\+?[\d ()./-]{1,30}$/.test(trimmed) || digits < 4 || digits > 15)) {
    throw refuse(
      'INVALID_INPUT',
      'A telephone number has 4 to 15 digits, with + before and blanks, ( ) . / - between them: +49 30 901820.',
      path,
    );
  }
  return trimmed;
}

/** Embeddings and marks of the bidirectional algorithm. */
const DIRECTION = /[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Checks that there is room for one more address. @throws Refusal INVALID_STATE */
export function checkRoom(addresses: number): void {
  if (addresses < MAX_ADDRESSES) return;
  throw refuse('INVALID_STATE', `A customer keeps at most ${MAX_ADDRESSES} addresses: remove one first.`, [
    'input',
    'customerId',
  ]);
}

/**
 * The default address after `changed` was added or changed: that one if the caller wants it. The first address becomes
 * the default by itself, so that a customer with addresses always has one.
 */
export function defaultAfterChange(
  current: string | null,
  changed: string,
  wanted: boolean | null | undefined,
): string {
  return wanted || current === null ? changed : current;
}

/** The default address after one was removed: the oldest of the others replaces a removed default. */
export function defaultAfterRemoval(
  current: string | null,
  removed: string,
  othersOldestFirst: readonly string[],
): string | null {
  return current === removed ? (othersOldestFirst[0] ?? null) : current;
}
