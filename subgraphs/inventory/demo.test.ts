import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWorld } from '../../platform/agent/demo-world.ts';
import { columnsOf } from '../../platform/data/entity-table.ts';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { inventoryViolations } from '../../tests/support/inventory-violations.ts';
import { type StockLevelRow, StockLevelSchema } from './entities.ts';

let agents: TestAgents;
let stock: StockLevelRow[];
const everything = (): Promise<StockLevelRow[]> =>
  agents.kysely
    .selectFrom('inventory.stock_level')
    .select(columnsOf(StockLevelSchema))
    .orderBy('variantId')
    .orderBy('locationId')
    .execute();
beforeAll(async () => {
  agents = await openAgents(['inventory']);
  await agents.host.loadDemo(() => {});
  stock = await everything();
});
afterAll(() => agents.close());

const totals = (): number[] => {
  const sums = new Map(demoWorld.variants.map(({ id }) => [id, -1]));
  for (const { variantId, onHand } of stock) sums.set(variantId, Math.max(0, sums.get(variantId)!) + onHand);
  return [...sums.values()];
};

test('the demo has stock levels of every variant, and its ledger explains all of them', async () => {
  expect(Math.min(...totals())).toBe(0);
  expect(new Set(stock.map((level) => level.merchantId))).toEqual(new Set([demoWorld.merchantId]));
  expect(await inventoryViolations(agents.kysely)).toEqual([]);
});

test('a tenth of the demo’s variants have no unit, fifty have one, the others up to 400 or at least 500', () => {
  const units = totals();
  expect(units.filter((total) => total === 0)).toHaveLength(demoWorld.variants.length / 10);
  expect(units.filter((total) => total === 1)).toHaveLength(50);
  expect(units.filter((total) => total > 400 && total < 500)).toEqual([]);
});

test('among the first hundred products at least forty variants have 500 or more at one location', () => {
  const near = new Set(demoWorld.variants.filter(({ product }) => product < 100).map(({ id }) => id));
  const plentiful = stock.filter((level) => near.has(level.variantId) && level.onHand >= 500);
  expect(new Set(plentiful.map((level) => level.variantId)).size).toBeGreaterThanOrEqual(40);
});

test('the demo’s stock lies at five locations, two of them stores', async () => {
  const locations = await agents.kysely
    .selectFrom('inventory.location')
    .select('kind')
    .where('active', '=', true)
    .execute();
  expect(locations.map(({ kind }) => kind).sort()).toEqual(['STORE', 'STORE', 'WAREHOUSE', 'WAREHOUSE', 'WAREHOUSE']);
  expect(new Set(stock.map((level) => level.locationId)).size).toBe(5);
});

test('loading the demo again changes nothing', async () => {
  await agents.kysely.deleteFrom('platform.demo_load').execute();
  await agents.host.loadDemo(() => {});
  expect(await everything()).toEqual(stock);
  expect(await inventoryViolations(agents.kysely)).toEqual([]);
});
