import { refuse } from '../errors.ts';

/** ASCII only: two ids that look alike are alike, whatever a screen makes of them. */
const MERCHANT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * The one rule of what a merchant's id may be, wherever one is taken from outside: it is compared, indexed and shown in
 * many rooms.
 * @throws Refusal INVALID_INPUT, at the path of the input
 */
export function checkMerchantId(merchantId: string, path: readonly string[]): void {
  if (MERCHANT_ID.test(merchantId)) return;
  throw refuse('INVALID_INPUT', 'The id of a merchant is 1 to 64 letters, digits, `_` and `-`.', path);
}
