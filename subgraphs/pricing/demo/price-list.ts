/** The demo's prices: believable, the same on every machine, and whole numbers of minor units all the way. */
import { type DemoTools, demoWorld } from '../../../platform/agent/demo.ts';
import type { PriceRow } from '../entities.ts';

/** The prices of a category: euros from and to, and the per cent added for each further group of so many variants. */
type Band = readonly [from: number, to: number, percent: number, variants: number];

/** A band for each category at the bottom of the catalogue, in its order: the demo's products take turns among them. */
// biome-ignore format: a table
const BANDS: readonly Band[] = [
  /* shirts, knitwear, trousers, accessories */ [39, 119, 0, 1], [59, 169, 0, 1], [49, 139, 0, 1], [9, 59, 0, 1],
  /* bed linen, lighting, storage, rugs      */ [29, 159, 25, 2], [49, 349, 40, 2], [35, 299, 30, 2], [25, 399, 55, 2],
  /* cookware, knives, tableware, coffee     */ [39, 219, 20, 2], [29, 189, 8, 1], [9, 39, 85, 2], [25, 129, 25, 2],
  /* audio, storage, accessories, smart home */ [59, 399, 45, 2], [15, 49, 60, 1], [35, 189, 0, 1], [15, 49, 75, 1],
  /* backpacks, tents, cycling, garden       */ [59, 229, 25, 2], [79, 449, 35, 2], [19, 129, 0, 1], [12, 79, 30, 2],
  /* coffee, tea, pantry, chocolate          */ [5, 9, 70, 1], [4, 12, 65, 1], [3, 14, 80, 1], [4, 9, 75, 1],
  /* novels, crime, cookery                  */ [11, 15, 35, 1], [10, 14, 35, 1], [19, 32, 25, 1],
  /* wooden toys, board games, craft kits    */ [19, 69, 35, 2], [24, 59, 0, 1], [15, 39, 25, 2],
];

const OPENED = new Date('2025-01-01T00:00:00Z');
const SALE = { from: new Date('2025-11-24T00:00:00Z'), until: new Date('2025-12-02T00:00:00Z') };
/** Far off, so that the demo has changes to come for years. */
const NEXT_LIST = new Date('2030-01-01T00:00:00Z');

/** A price of the demo. */
export type DemoPrice = Omit<PriceRow, 'id' | 'version' | 'createdAt' | 'updatedAt'>;

/** All prices of the demo. `retail` is the channel of gross prices. */
export function demoPrices(random: DemoTools['random'], retail: string): DemoPrice[] {
  const draw = random('pricing: prices');
  const products = Array.from({ length: demoWorld.products }, (_, n) => baseCents(BANDS[n % BANDS.length]!, draw()));
  const offered = random('pricing: currencies');
  return demoWorld.variants.flatMap(({ n, id, product, index }) => {
    const [, , percent, variants] = BANDS[product % BANDS.length]!;
    const cents = (products[product]! * BigInt(100 + percent * Math.floor(index / variants))) / 100n;
    const standing = (currency: string, amountMinor: bigint, channelId: string | null = null): DemoPrice => {
      return { variantId: id, channelId, currency, amountMinor, validFrom: OPENED, validUntil: null, reason: null };
    };
    const has = { EUR: offered() < 0.97, USD: offered() < 0.8, JPY: offered() < 0.6, KWD: offered() < 0.4 };
    const prices: DemoPrice[] = [];
    if (has.EUR) prices.push(standing('EUR', euros(cents)), standing('EUR', euros((cents * 119n) / 100n), retail));
    if (has.USD) prices.push(standing('USD', dollars((cents * 112n) / 100n)));
    if (has.JPY) prices.push(standing('JPY', yen((cents * 165n) / 100n)));
    if (has.KWD) prices.push(standing('KWD', fils((cents * 335n) / 100n)));
    const sale = euros((cents * 80n) / 100n);
    if (has.EUR && n % 53 === 11)
      prices.push({ ...standing('EUR', sale), validFrom: SALE.from, validUntil: SALE.until, reason: 'Winter sale' });
    const next = euros((cents * 106n) / 100n);
    if (has.EUR && n % 61 === 7)
      prices.push({ ...standing('EUR', next), validFrom: NEXT_LIST, reason: 'New price list' });
    return prices;
  });
}

/** A price within the band, to the cent. The drawn number only chooses; money is never computed with it. */
const baseCents = ([from, to]: Band, drawn: number): bigint =>
  BigInt(from * 100 + Math.floor(drawn * (to - from) * 100));

/** 7.49, 34.90, 129.00: the endings that shops use. */
const euros = (cents: bigint): bigint => {
  if (cents < 1000n) return cents - (cents % 50n) + 49n;
  return cents < 10_000n ? cents - (cents % 100n) + 90n : cents - (cents % 1000n) + 900n;
};
/** 34.99 */
const dollars = (cents: bigint): bigint => cents - (cents % 100n) + 99n;
/** 4,980; yen have no decimals */
const yen = (amount: bigint): bigint => amount - (amount % 100n) + 80n;
/** 11.450 or 11.950; dinars have three decimals */
const fils = (amount: bigint): bigint => amount - (amount % 500n) + 450n;
