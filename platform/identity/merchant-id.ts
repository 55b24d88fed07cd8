import { refuse } from '../errors.ts';

/** Syntax of a merchant's id. ASCII only, so that no two ids look alike. */
const MERCHANT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Checks a merchant's id wherever one is taken from outside, by one rule, since many rooms compare, index and show it.
 * @throws Refusal INVALID_INPUT, at the path of the input
 */
export function checkMerchantId(merchantId: string, path: readonly string[]): void {
  if (MERCHANT_ID.test(merchantId)) return;
  throw refuse('INVALID_INPUT', 'The id of a merchant is 1 to 64 letters, digits, `_` and `-`.', path);
}
