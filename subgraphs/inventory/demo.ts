/** The demo world's stock. Its figures are nowhere else: to find a variant with just one unit, query the database. */
import type { Kysely } from 'kysely';
import { type DemoTools, demoWorld } from '../../platform/agent/demo.ts';
import { deterministicId } from '../../platform/ids.ts';
import type { NewRowOf } from '../../platform/data/entity-table.ts';
import type { StockLevelSchema, Tables } from './entities.ts';

const SINCE = new Date('2025-01-01T08:00:00Z');
/** Levels written by one transaction, which takes well below the time that a transaction may take. */
const CHUNK = 500;

/** The locations, by priority. */
const LOCATIONS = [
  { code: 'RTM-1', name: 'Rotterdam Distribution Centre', kind: 'WAREHOUSE', city: 'Rotterdam', country: 'NL' },
  { code: 'POZ-1', name: 'Poznań Fulfilment Centre', kind: 'WAREHOUSE', city: 'Poznań', country: 'PL' },
  { code: 'LYS-1', name: 'Lyon Warehouse', kind: 'WAREHOUSE', city: 'Lyon', country: 'FR' },
  { code: 'BER-S', name: 'Berlin Store, Torstraße', kind: 'STORE', city: 'Berlin', country: 'DE' },
  { code: 'MIL-S', name: 'Milan Store, Via Torino', kind: 'STORE', city: 'Milan', country: 'IT' },
] as const;

/** Sizes of the groups of variants that the demo world promises. */
const AT_ZERO = demoWorld.variants.length / 10;
const WITH_ONE = 50;
/** Variants with plenty of stock, among the first products: the first pages hold something to buy in any number. */
const PLENTIFUL = { count: 60, products: 100 };

type Level = NewRowOf<typeof StockLevelSchema>;
type Random = () => number;

export const inventoryDemo =
  (db: Kysely<Tables>) =>
  async ({ random }: DemoTools): Promise<void> => {
    await loadLocations(db);
    const units = unitsOf(random('inventory: groups'));
    const spread = random('inventory: spread');
    const levels = demoWorld.variants.flatMap((variant) => levelsOf(variant, units[variant.n]!, spread));
    for (let start = 0; start < levels.length; start += CHUNK)
      await loadLevels(db, levels.slice(start, start + CHUNK), start);
  };

/** The units of each variant in all. */
function unitsOf(random: Random): number[] {
  const units = demoWorld.variants.map(() => between(random, 2, 400));
  const near = demoWorld.variants.filter(({ product }) => product < PLENTIFUL.products).map(({ n }) => n);
  const plentiful = new Set(shuffled(near, random).slice(0, PLENTIFUL.count));
  for (const n of plentiful) units[n] = between(random, 500, 900);
  const others = shuffled(
    demoWorld.variants.map(({ n }) => n).filter((n) => !plentiful.has(n)),
    random,
  );
  for (const n of others.slice(0, AT_ZERO)) units[n] = 0;
  for (const n of others.slice(AT_ZERO, AT_ZERO + WITH_ONE)) units[n] = 1;
  return units;
}

/** Spreads a variant's units over one to five locations; 500 or more lie at one, and so do none. */
function levelsOf({ id, product }: (typeof demoWorld.variants)[number], units: number, random: Random): Level[] {
  const places = units >= 500 || units === 0 ? 1 : Math.min(units, between(random, 1, LOCATIONS.length));
  const at = shuffled(
    LOCATIONS.map((_, n) => n),
    random,
  ).slice(0, places);
  let left = units;
  return at.map((location, index) => {
    const further = places - 1 - index;
    const onHand = further === 0 ? left : between(random, 1, left - further);
    left -= onHand;
    return {
      variantId: id,
      locationId: deterministicId('location', location),
      productId: demoWorld.productId(product),
      merchantId: demoWorld.merchantId,
      onHand,
      updatedAt: SINCE,
    };
  });
}

async function loadLocations(db: Kysely<Tables>): Promise<void> {
  const rows = LOCATIONS.map((location, n) => ({
    ...location,
    id: deterministicId('location', n),
    priority: (n + 1) * 10,
    createdAt: SINCE,
  }));
  await db
    .insertInto('location')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** A level and the movement that explains it come together or not at all. */
async function loadLevels(db: Kysely<Tables>, levels: readonly Level[], start: number): Promise<void> {
  const movements = levels.map(({ variantId, locationId, merchantId, onHand = 0 }, index) => ({
    id: deterministicId('movement', start + index),
    variantId,
    locationId,
    merchantId,
    delta: onHand,
    type: 'INBOUND' as const,
    reason: 'Opening stock',
    actorId: 'agent:inventory',
    createdAt: SINCE,
  }));
  await db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('stock_level')
      .values([...levels])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const some = movements.filter(({ delta }) => delta !== 0);
    await transaction
      .insertInto('movement')
      .values(some)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

const between = (random: Random, low: number, high: number): number => low + Math.floor(random() * (high - low + 1));

/** A Fisher-Yates shuffle. */
function shuffled(list: readonly number[], random: Random): number[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
