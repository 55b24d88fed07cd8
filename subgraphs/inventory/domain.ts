/** The rules of stock. Pure: no I/O, no clock, no randomness. */
import { Refusal, refuse, type UserError } from '../../platform/errors.ts';
import type { LocationRow, ReservationLineRow, StockLevelRow } from './entities.ts';

/** The most lines of one reservation. */
export const MAX_LINES = 100;
/** The most units that one line, correction or transfer moves. */
export const MAX_QUANTITY = 1_000_000;
/** The most units at one location: the sum over {@link MAX_LOCATIONS} is then still an Int of the graph. */
export const MAX_ON_HAND = 10_000_000;
/** The most locations. */
export const MAX_LOCATIONS = 100;
/** The longest time of a reservation with an end: a day. */
const MAX_SECONDS = 86_400;

/** A line of the demand: units of a variant. */
export type Line = Pick<ReservationLineRow, 'variantId' | 'quantity'>;

/** Units of a variant to take at one location. */
export type Allocation = Omit<ReservationLineRow, 'reservationId'>;

/** Free units of a variant at one location, with the location's priority. */
export type FreeStock = Pick<StockLevelRow, 'variantId' | 'locationId'> &
  Pick<LocationRow, 'priority'> & { available: number };

/** @throws Refusal INVALID_INPUT for too few or too many lines, units or seconds */
export function checkLines(lines: readonly Line[], expiresInSeconds: number | null | undefined): void {
  if (lines.length < 1 || lines.length > MAX_LINES) {
    throw refuse('INVALID_INPUT', `A reservation has 1 to ${MAX_LINES} lines.`, ['input', 'lines']);
  }
  lines.forEach(({ quantity }, index) => checkQuantity(quantity, ['input', 'lines', String(index), 'quantity']));
  if (expiresInSeconds != null && (expiresInSeconds < 1 || expiresInSeconds > MAX_SECONDS)) {
    throw refuse('INVALID_INPUT', `A reservation lasts 1 to ${MAX_SECONDS} seconds.`, ['input', 'expiresInSeconds']);
  }
}

/** @throws Refusal INVALID_INPUT for a quantity below 1 or above {@link MAX_QUANTITY} */
export function checkQuantity(quantity: number, path: readonly string[]): void {
  if (quantity < 1 || quantity > MAX_QUANTITY)
    throw refuse('INVALID_INPUT', `The quantity must be 1 to ${MAX_QUANTITY}.`, path);
}

/**
 * Demand by variant. It must be summed BEFORE it is checked: two lines of one variant, each checked against the same
 * stock, are how Medusa sells a unit twice (https://github.com/medusajs/medusa/issues/16502).
 */
export function sumDemand(lines: readonly Line[]): Map<string, number> {
  const demand = new Map<string, number>();
  for (const { variantId, quantity } of lines) demand.set(variantId, (demand.get(variantId) ?? 0) + quantity);
  return demand;
}

/** Whether lines ask for just this demand. */
export function isSameDemand(demand: ReadonlyMap<string, number>, lines: readonly Line[]): boolean {
  const other = sumDemand(lines);
  return other.size === demand.size && [...demand].every(([variantId, quantity]) => other.get(variantId) === quantity);
}

/**
 * Allocates all of the demand or none of it: from the first location, by priority, that has all of a variant; else from
 * several, as much as each has, by priority. Sorted by variant and location.
 * @throws Refusal INSUFFICIENT_STOCK, one user error for each variant of which there is too little
 */
export function allocate(lines: readonly Line[], stock: readonly FreeStock[]): Allocation[] {
  const sites = Map.groupBy([...stock].sort(byPriority), (site) => site.variantId);
  const short: UserError[] = [];
  const allocations: Allocation[] = [];
  for (const [variantId, quantity] of sumDemand(lines)) {
    const available = sites.get(variantId)?.reduce((sum, site) => sum + site.available, 0) ?? 0;
    if (available < quantity) short.push(insufficient(lines, variantId, quantity, available));
    else allocations.push(...allocateVariant(variantId, quantity, sites.get(variantId)!));
  }
  if (short.length) throw new Refusal(short);
  return allocations.sort((a, b) => compare(a.variantId, b.variantId) || compare(a.locationId, b.locationId));
}

function allocateVariant(variantId: string, quantity: number, sites: readonly FreeStock[]): Allocation[] {
  const whole = sites.find((site) => site.available >= quantity);
  if (whole) return [{ variantId, locationId: whole.locationId, quantity }];
  const parts: Allocation[] = [];
  let wanted = quantity;
  for (const { locationId, available } of sites) {
    const part = Math.min(wanted, available);
    if (part > 0) parts.push({ variantId, locationId, quantity: part });
    wanted -= part;
  }
  return parts;
}

function insufficient(lines: readonly Line[], variantId: string, quantity: number, available: number): UserError {
  const index = lines.findIndex((line) => line.variantId === variantId);
  return {
    __typename: 'InsufficientStock',
    code: 'INSUFFICIENT_STOCK',
    message: available ? `You asked for ${quantity}, and there are only ${available}.` : 'This is out of stock.',
    path: ['input', 'lines', String(index), 'quantity'],
    available,
    variantId,
  };
}

const byPriority = (a: FreeStock, b: FreeStock): number =>
  a.priority - b.priority || compare(a.locationId, b.locationId);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

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
