import { type Kysely, sql } from 'kysely';
import type { PriceMode, Tables } from './entities.ts';

/** A channel as the graph reads it. */
export interface ChannelRow {
  id: string;
  code: string;
  name: string;
  currencies: string[];
  defaultCurrency: string;
  priceMode: PriceMode;
  country: string;
}

/** A price as the graph reads it. */
export interface PriceRow {
  id: string;
  variantId: string;
  channelId: string | null;
  currency: string;
  amountMinor: bigint;
  validFrom: Date;
  validUntil: Date | null;
  reason: string | null;
  version: number;
  updatedAt: Date;
}

/** A way to ship as the graph reads it. */
export interface ShippingOptionRow {
  channelId: string;
  code: string;
  currency: string;
  name: string;
  amountMinor: bigint;
  freeFrom: bigint | null;
}

/** One price that is asked for; no currency means the channel's default. */
export interface PriceAsked {
  variantId: string;
  currency: string | null;
  channelId: string;
}

/** Prices that a variant may have, all currencies, channels and times together. */
export const MAX_PRICES = 200;
const MAX_CHANNELS = 100;

const CHANNEL = [
  'id',
  'code',
  'name',
  'currencies',
  'default_currency as defaultCurrency',
  'price_mode as priceMode',
  'country',
] as const;
const PRICE = [
  'price.id',
  'price.variant_id as variantId',
  'price.channel_id as channelId',
  'price.currency',
  'amount_minor as amountMinor',
  'valid_from as validFrom',
  'valid_until as validUntil',
  'reason',
  'version',
  'updated_at as updatedAt',
] as const;
const SHIPPING = [
  'channel_id as channelId',
  'code',
  'currency',
  'name',
  'amount_minor as amountMinor',
  'free_from as freeFrom',
] as const;

/** The room's reads. */
export const pricingQueries = (db: Kysely<Tables>) => ({
  channels: (): Promise<ChannelRow[]> =>
    db.selectFrom('channel').select(CHANNEL).orderBy('code').limit(MAX_CHANNELS).execute(),

  channelsByIds: (ids: readonly string[]): Promise<ChannelRow[]> =>
    db
      .selectFrom('channel')
      .select(CHANNEL)
      .where('id', 'in', [...ids])
      .execute(),

  channelByCode: (code: string): Promise<ChannelRow | undefined> =>
    db.selectFrom('channel').select(CHANNEL).where('code', '=', code).executeTakeFirst(),

  pricesByIds: (ids: readonly string[]): Promise<PriceRow[]> =>
    db
      .selectFrom('price')
      .select(PRICE)
      .where('id', 'in', [...ids])
      .execute(),

  pricesOf: (variantId: string): Promise<PriceRow[]> =>
    db
      .selectFrom('price')
      .select(PRICE)
      .where('variant_id', '=', variantId)
      .orderBy('valid_from', 'desc')
      .orderBy('id', 'desc')
      .limit(MAX_PRICES)
      .execute(),

  /** In one statement, whatever is asked: the prices in force at an instant, each with what it answers. */
  pricesInForce: (asked: readonly PriceAsked[], at: Date) =>
    db
      .selectFrom(askedFor(asked))
      .innerJoin('channel', 'channel.id', 'asked.channel_id')
      .innerJoin('price', (join) =>
        join
          .onRef('price.variant_id', '=', 'asked.variant_id')
          .on('price.currency', '=', (eb) => eb.fn.coalesce('asked.currency', 'channel.default_currency'))
          .on((eb) => eb.or([eb('price.channel_id', 'is', null), eb('price.channel_id', '=', eb.ref('channel.id'))])),
      )
      .where((eb) => eb('price.currency', '=', eb.fn.any('channel.currencies')))
      .where('valid_from', '<=', at)
      .where((eb) => eb.or([eb('valid_until', 'is', null), eb('valid_until', '>', at)]))
      .select(PRICE)
      .select(['asked.currency as askedCurrency', 'asked.channel_id as askedChannel'])
      .execute(),

  shippingOptions: (channelIds: readonly string[]): Promise<ShippingOptionRow[]> =>
    db
      .selectFrom('shipping_option')
      .select(SHIPPING)
      .where('channel_id', 'in', [...channelIds])
      .orderBy('channel_id')
      .orderBy('position')
      .orderBy('code')
      .execute(),
});

/** What is asked, as rows to join with. */
function askedFor(asked: readonly PriceAsked[]) {
  const column = (of: (one: PriceAsked) => string | null) => sql`${asked.map(of)}::text[]`;
  const rows = sql<{
    variant_id: string;
    currency: string | null;
    channel_id: string;
  }>`unnest(${column((one) => one.variantId)}, ${column((one) => one.currency)}, ${column((one) => one.channelId)})`;
  return rows.as<'asked'>(sql`asked (variant_id, currency, channel_id)`);
}

export type PricingQueries = ReturnType<typeof pricingQueries>;
