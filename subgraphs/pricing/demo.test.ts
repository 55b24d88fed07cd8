import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWorld } from '../../platform/agent/demo.ts';
import { randomOf } from '../../platform/agent/demo-world.ts';
import { ANONYMOUS } from '../../platform/identity/actor.ts';
import { openAgents, type TestAgents } from '../../tests/support/agents.ts';
import { demoPrices } from './demo/price-list.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['pricing']);
});
afterAll(() => agents.close());

const prices = demoPrices(randomOf, 'retail');
const NOW = new Date('2026-06-01T00:00:00Z');

test.each([
  ['EUR', 0.96, 0.98],
  ['USD', 0.78, 0.82],
  ['JPY', 0.58, 0.62],
  ['KWD', 0.38, 0.42],
])('the demo sells in %s between %d and %d of its variants', (currency, from, to) => {
  const share =
    new Set(prices.filter((price) => price.currency === currency).map(({ variantId }) => variantId)).size /
    demoWorld.variants.length;
  expect(share).toBeGreaterThan(from);
  expect(share).toBeLessThan(to);
});

test("the demo's prices are deterministic and believable, and some are past and some future", () => {
  expect(demoPrices(randomOf, 'retail')).toEqual(prices);
  const euros = prices.filter(({ currency }) => currency === 'EUR').map(({ amountMinor }) => Number(amountMinor) / 100);
  expect(Math.min(...euros)).toBeGreaterThan(2);
  expect(Math.max(...euros)).toBeLessThan(2000);
  expect(prices.filter(({ validUntil }) => validUntil && validUntil < NOW).length).toBeGreaterThan(20);
  expect(prices.filter(({ validFrom }) => validFrom > NOW).length).toBeGreaterThan(20);
});

test('the demo is loaded with a second channel of gross prices, and loading it again changes nothing', async () => {
  await agents.host.loadDemo(() => {});
  const count = () => agents.kysely.selectFrom('pricing.price').selectAll().orderBy('id').execute();
  const loaded = await count();
  expect(loaded).toHaveLength(prices.length);
  await agents.kysely.deleteFrom('platform.demo_load').execute();
  await agents.host.loadDemo(() => {});
  expect(await count()).toEqual(loaded);
  const shown = 'id priceMode shippingOptions { code }';
  expect(await agents.query('channel', { code: 'eu-retail' }, shown, ANONYMOUS)).toMatchObject({
    priceMode: 'GROSS',
    shippingOptions: [{ code: 'standard' }, { code: 'express' }],
  });
});
