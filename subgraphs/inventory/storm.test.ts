import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomOf } from '../../platform/agent/demo-world.ts';
import { newId } from '../../platform/ids.ts';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { inventoryViolations } from '../../tests/support/inventory-violations.ts';
import { type Lines, openStock, type Stock } from '../../tests/support/stock.ts';

let agents: TestAgents;
let stock: Stock;
beforeAll(async () => {
  agents = await openAgents(['product', 'inventory']);
  stock = await openStock(agents);
});
afterEach(async () => {
  expect(await inventoryViolations(agents.kysely)).toEqual([]);
});
afterAll(() => agents.close());

describe('a storm', () => {
  // The seed decides the requests, the database their order. In any order the figures agree in the end.
  test.each(['ouzo', 'tsipouro', 'raki'])(
    'of reservations, releases, corrections and transfers, seed %s, leaves the ledger exact',
    async (seed) => {
      const random = randomOf(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
      const ids = await stock.variants([6, 6, 6]);
      const places = Object.values(stock.at);
      const references = Array.from({ length: 40 }, () => newId('order'));
      const lines = (): Lines =>
        Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
          variantId: pick(ids),
          quantity: 1 + Math.floor(random() * 4),
        }));
      const asked = new Map(references.map((reference) => [reference, lines()]));
      const acts = Array.from({ length: 200 }, (): (() => Promise<{ userErrors: { code: string }[] }>) => {
        const [dice, reference, id, from, to] = [random(), pick(references), pick(ids), pick(places), pick(places)];
        const units = Math.floor(random() * 9) - 4 || 1;
        if (dice < 0.45) return () => stock.reserve(reference, asked.get(reference)!, { key: newId('key') });
        if (dice < 0.65) return () => stock.release(reference, newId('key'));
        if (dice < 0.85) return () => stock.adjust(id, units, { where: from });
        return () => stock.transfer(id, Math.abs(units), { from, to });
      });
      const answers = await inTurns(acts, 12);
      const codes = new Set(answers.flatMap(({ userErrors }) => userErrors.map(({ code }) => code)));
      const expected = new Set(['INSUFFICIENT_STOCK', 'RESERVATION_RELEASED', 'INVALID_INPUT']);
      expect([...codes].filter((code) => !expected.has(code))).toEqual([]);
      expect(answers.filter(({ userErrors }) => userErrors.length === 0).length).toBeGreaterThan(40);
      expect(await inventoryViolations(agents.kysely)).toEqual([]);
      await Promise.all(references.map((reference) => stock.release(reference)));
      const after = await agents.kysely
        .selectFrom('inventory.stock_level')
        .select('reserved')
        .where('variantId', 'in', ids)
        .execute();
      expect(after.map(({ reserved }) => reserved)).toEqual(after.map(() => 0));
    },
  );

  async function inTurns<T>(acts: (() => Promise<T>)[], width: number): Promise<T[]> {
    const results: T[] = [];
    let next = 0;
    const worker = async () => {
      while (next < acts.length) {
        const n = next++;
        results[n] = await acts[n]!();
      }
    };
    await Promise.all(Array.from({ length: width }, worker));
    return results;
  }
});
