/** The rules of stock. Pure: no I/O, no clock, no randomness. */
import { refuse } from '../../platform/errors.ts';
import type { StockLevelRow } from './entities.ts';

/** The most units that one line, correction or transfer moves. */
export const MAX_QUANTITY = 1_000_000;
/** The most units at one location: the sum over {@link MAX_LOCATIONS} is then still an Int of the graph. */
export const MAX_ON_HAND = 10_000_000;
/** The most locations. */
export const MAX_LOCATIONS = 100;

/** @throws Refusal INVALID_INPUT for a quantity below 1 or above {@link MAX_QUANTITY} */
export function checkQuantity(quantity: number, path: readonly string[]): void {
  if (quantity < 1 || quantity > MAX_QUANTITY)
    throw refuse('INVALID_INPUT', `The quantity must be 1 to ${MAX_QUANTITY}.`, path);
}

/**
 * Checks that a level may change by so many units. Reserved units are promised and cannot be taken away.
 * @throws Refusal INSUFFICIENT_STOCK, INVALID_INPUT
 */
export function checkChange(
  level: Pick<StockLevelRow, 'variantId' | 'onHand' | 'reserved'>,
  delta: number,
  path: readonly string[],
): void {
  const { variantId, onHand, reserved } = level;
  const available = onHand - reserved;
  if (available + delta < 0) {
    const message = `Of ${onHand} units here ${reserved} are reserved: at most ${available} can be taken away.`;
    throw refuse('INSUFFICIENT_STOCK', message, path, { __typename: 'InsufficientStock', available, variantId });
  }
  if (onHand + delta > MAX_ON_HAND)
    throw refuse('INVALID_INPUT', `A location holds at most ${MAX_ON_HAND} units of a variant.`, path);
}

/** @throws Refusal INVALID_INPUT for a malformed code */
export function checkCode(code: string): void {
  if (!/^[A-Z\d][A-Z\d-]*$/.test(code))
    throw refuse('INVALID_INPUT', 'A code has capitals, digits, and hyphens behind the first.', ['input', 'code']);
}

/** @throws Refusal INVALID_INPUT for a priority out of range */
export function checkPriority(priority: number): void {
  if (priority < 0 || priority > 1000) throw refuse('INVALID_INPUT', 'A priority is 0 to 1000.', ['input', 'priority']);
}
