import type { Clock } from '../../platform/clock.ts';
import { loadMany, loadOne } from '../../platform/graphql/per-request.ts';
import { effectivePrice } from './domain.ts';
import type { PriceRow } from './entities.ts';
import type { PriceAsked, PricingQueries } from './queries.ts';

/** The channel of requests that name none. */
export const DEFAULT_CHANNEL = 'default';

/** The key of a loader for a price that is asked for. */
export const keyOfAsked = ({ variantId, currency, channelId }: PriceAsked): string =>
  JSON.stringify([variantId, currency, channelId]);

function askedOf(key: string): PriceAsked {
  const [variantId, currency, channelId] = JSON.parse(key) as [string, string | null, string];
  return { variantId, currency, channelId };
}

/** The effective prices of those asked for, by their keys, in one statement. */
export async function effectivePrices(
  queries: PricingQueries,
  asked: readonly PriceAsked[],
  at: Date,
): Promise<Map<string, PriceRow>> {
  const groups = Map.groupBy(await queries.pricesInForce(asked, at), (row) =>
    keyOfAsked({ variantId: row.variantId, currency: row.askedCurrency, channelId: row.askedChannel }),
  );
  const found = new Map<string, PriceRow>();
  for (const [key, prices] of groups) found.set(key, effectivePrice(prices, askedOf(key).channelId, at)!);
  return found;
}

/** Batched lookups: one statement for however many are asked for at once. */
export const pricingLoaders = (queries: PricingQueries, clock: Clock) => ({
  channel: loadOne(
    (ids) => queries.channelsByIds(ids),
    (row) => row.id,
  ),
  price: loadOne(
    (ids) => queries.pricesByIds(ids),
    (row) => row.id,
  ),
  shippingOptions: loadMany(
    (channelIds) => queries.shippingOptions(channelIds),
    (row) => row.channelId,
  ),
  /** Keys are made by {@link keyOfAsked}. */
  effectivePrice: loadOne(
    async (keys) =>
      [...(await effectivePrices(queries, keys.map(askedOf), clock.now()))].map(([key, price]) => ({ key, price })),
    (row) => row.key,
  ),
});

export type PricingLoaders = ReturnType<typeof pricingLoaders>;
