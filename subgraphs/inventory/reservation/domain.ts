/** The rules of reservations: what may be asked for, and from which locations it is taken. Pure. */
import type { Alternative, Verdict } from '../../../platform/decisions/policy.ts';
import { Refusal, refuse, type UserError } from '../../../platform/errors.ts';
import { checkQuantity } from '../domain.ts';
import type { LocationRow, ReservationLineRow, StockLevelRow } from '../entities.ts';

/** The most lines of one reservation. */
export const MAX_LINES = 100;
/** The longest time of a reservation with an end: a day. */
const MAX_SECONDS = 86_400;
/** The most sets of a size that are tried, since others wait meanwhile: all pairs of 45 locations, all sets of twelve. */
const MAX_SETS = 1000;
/** The most alternatives that are explained. */
const MAX_EXPLAINED = 10;
/** Points that each parcel costs: more than any priority, so that one parcel less is always better. */
const PARCEL = 1001;

/** A line of the demand: units of a variant. */
export type Line = Pick<ReservationLineRow, 'variantId' | 'quantity'>;

/** Units of a variant to take at one location. */
export type Allocation = Omit<ReservationLineRow, 'reservationId'>;

/** Free units of a variant at one location, with the location's priority. */
export type FreeStock = Pick<StockLevelRow, 'variantId' | 'locationId'> &
  Pick<LocationRow, 'priority'> & { available: number };

/** All that a spread is decided on. There is enough for it. */
export interface SpreadInputs {
  /** Units by variant. */
  wanted: Record<string, number>;
  /** The locations that have some of it, with their free units by variant. */
  locations: Record<string, { priority: number; free: Record<string, number> }>;
}

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
 * What the spread of a demand is decided on: all of it is served, or none.
 * @throws Refusal INSUFFICIENT_STOCK, one user error for each variant of which there is too little
 */
export function spreadInputs(lines: readonly Line[], stock: readonly FreeStock[]): SpreadInputs {
  const demand = sumDemand(lines);
  const found = stock.filter(({ variantId, available }) => demand.has(variantId) && available > 0);
  const free = sumDemand(found.map(({ variantId, available }) => ({ variantId, quantity: available })));
  const short = [...demand].flatMap(([variantId, quantity]) => {
    const available = free.get(variantId) ?? 0;
    return available < quantity ? [insufficient(lines, variantId, quantity, available)] : [];
  });
  if (short.length > 0) throw new Refusal(short);
  const at = Map.groupBy(found, ({ locationId }) => locationId);
  return {
    wanted: Object.fromEntries(demand),
    locations: Object.fromEntries(
      [...at].map(([id, rows]) => [
        id,
        {
          priority: rows[0]!.priority,
          free: Object.fromEntries(rows.map(({ variantId, available }) => [variantId, available])),
        },
      ]),
    ),
  };
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

/** A location with its free units, in the order of the wanted variants. */
interface Site {
  id: string;
  priority: number;
  free: readonly number[];
}

/** Units that are wanted of each variant. */
type Needs = readonly number[];

/**
 * Spreads a demand over locations: as few of them as possible, since each sends a parcel of its own; of equally few, those
 * that serve first by their mean priority. Of each variant all comes from the first of them that has it all; else as much
 * as each has, by priority. The result is sorted by variant and location.
 */
export function spread({ wanted, locations }: SpreadInputs): Verdict<Allocation[]> {
  const variantIds = Object.keys(wanted).sort(compare);
  const needs = variantIds.map((id) => wanted[id]!);
  const sites = Object.entries(locations)
    .map(([id, { priority, free }]) => ({ id, priority, free: unitsOf(variantIds, free) }))
    .sort(byPriority);
  const { sets, reason } = smallestSets(sites, needs);
  const [best, ...others] = sets.toSorted(byScore);
  const plain = byPriorityAlone(sites, needs);
  const isAmong = sets.some((set) => choiceOf(set) === choiceOf(plain));
  const explained = others.slice(0, MAX_EXPLAINED - 2).map((set) => explain(set));
  return {
    result: allocate(best!, needs, variantIds),
    reasons: [reason, ...(others.length > 0 ? ['Of as few parcels, the lowest mean priority serves first.'] : [])],
    alternatives: [
      explain(best!),
      ...explained,
      ...(isAmong ? [] : [explain(plain, 'Each variant by priority alone, however many parcels that makes.')]),
    ],
    weighed: sets.length + (isAmong ? 0 : 1),
  };
}

function unitsOf(variantIds: readonly string[], free: Record<string, number>): number[] {
  const units = new Map(Object.entries(free));
  return variantIds.map((id) => units.get(id) ?? 0);
}

/**
 * The smallest sets of locations that have all of the demand, and the reason for their size: found by trying all sets of
 * one, of two and so on. Where those are too many, one set is built location by location, each time with the one that has
 * the most of what is missing, which is never far from the smallest (Wolsey 1982, the greedy algorithm for submodular set
 * covering).
 */
function smallestSets(sites: readonly Site[], needs: Needs): { sets: Site[][]; reason: string } {
  for (let size = 1; countOfSets(sites.length, size) <= MAX_SETS; size++) {
    const sets = [...setsOf(sites, size)].filter((set) => hasAll(set, needs));
    if (sets.length > 0) return { sets, reason: reasonOf(sets.length, size, sites.length) };
  }
  const sets = [mostMissingFirst(sites, needs), byPriorityAlone(sites, needs)].map((set) => onlyNeeded(set, needs));
  const least = Math.min(...sets.map((set) => set.length));
  return {
    sets: [...new Map(sets.filter((set) => set.length === least).map((set) => [choiceOf(set), set])).values()],
    reason: `${least} of ${sites.length} locations; their sets are too many to try all, so fewer may do.`,
  };
}

const reasonOf = (count: number, size: number, of: number): string => {
  if (size === 1) return `${count} of ${of} locations with stock ${count === 1 ? 'has' : 'have'} all of it.`;
  const fewer = size === 2 ? 'No location has' : `No ${size - 1} locations have`;
  return `${fewer} all of it; ${count} of the sets of ${size} ${count === 1 ? 'has' : 'have'}.`;
};

/** The locations that are used if each variant is taken by priority, from as many as it takes. */
const byPriorityAlone = (sites: readonly Site[], needs: Needs): Site[] => {
  const missing = [...needs];
  return sites.filter(({ free }) => free.map((units, n) => takeFrom(missing, n, units)).some((taken) => taken > 0));
};

/** The locations that are used if each time the one is taken that has the most of what is missing. */
function mostMissingFirst(sites: readonly Site[], needs: Needs): Site[] {
  const missing = [...needs];
  const useOf = ({ free }: Site): number => free.reduce((sum, units, n) => sum + Math.min(units, missing[n]!), 0);
  const set: Site[] = [];
  while (missing.some((units) => units > 0)) {
    const next = sites
      .filter((site) => !set.includes(site))
      .reduce((best, site) => (useOf(site) > useOf(best) ? site : best));
    next.free.forEach((units, n) => takeFrom(missing, n, units));
    set.push(next);
  }
  return set;
}

/** Takes units off what is missing, as many as are missing; returns how many. */
function takeFrom(missing: number[], n: number, units: number): number {
  const taken = Math.min(units, missing[n]!);
  missing[n] = missing[n]! - taken;
  return taken;
}

/** The set without the locations that it can do without, in the order of priority. */
const onlyNeeded = (set: readonly Site[], needs: Needs): Site[] =>
  set
    .reduceRight<readonly Site[]>((kept, site) => {
      const rest = kept.filter((other) => other !== site);
      return hasAll(rest, needs) ? rest : kept;
    }, set)
    .toSorted(byPriority);

const hasAll = (set: readonly Site[], needs: Needs): boolean =>
  needs.every((units, n) => set.reduce((sum, { free }) => sum + free[n]!, 0) >= units);

/** All sets of so many of the list, each in its order. */
function* setsOf<T>(list: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) return yield [];
  for (let first = from; first <= list.length - size; first++)
    for (const rest of setsOf(list, size - 1, first + 1)) yield [list[first]!, ...rest];
}

/** The number of sets of so many out of so many: the binomial coefficient. */
function countOfSets(of: number, size: number): number {
  let count = 1;
  for (let n = 1; n <= size; n++) count = (count * (of - size + n)) / n;
  return count;
}

function allocate(set: readonly Site[], needs: Needs, variantIds: readonly string[]): Allocation[] {
  return variantIds.flatMap((variantId, n) => {
    const whole = set.find(({ free }) => free[n]! >= needs[n]!);
    const missing = [...needs];
    return (whole ? [whole] : set)
      .map(({ id, free }) => ({ variantId, locationId: id, quantity: takeFrom(missing, n, free[n]!) }))
      .filter(({ quantity }) => quantity > 0)
      .sort((a, b) => compare(a.locationId, b.locationId));
  });
}

const explain = (set: readonly Site[], ...more: string[]): Alternative => ({
  choice: choiceOf(set),
  score: scoreOf(set),
  reasons: [
    `${set.length} ${set.length === 1 ? 'parcel' : 'parcels'}, ${PARCEL} points less for each.`,
    `The mean priority is ${Number(meanPriority(set).toFixed(2))}, so many points less.`,
    ...more,
  ],
});

const choiceOf = (set: readonly Site[]): string => set.map(({ id }) => id).join(' + ');

const meanPriority = (set: readonly Site[]): number => set.reduce((sum, site) => sum + site.priority, 0) / set.length;
const scoreOf = (set: readonly Site[]): number => -PARCEL * set.length - meanPriority(set);

const byScore = (a: readonly Site[], b: readonly Site[]): number =>
  scoreOf(b) - scoreOf(a) || compare(choiceOf(a), choiceOf(b));
const byPriority = (a: Site, b: Site): number => a.priority - b.priority || compare(a.id, b.id);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
