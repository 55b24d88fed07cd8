import { type Kysely, sql } from 'kysely';
import { columnsIn, columnsOf } from '../../platform/data/entity-table.ts';
import {
  type ChannelRow,
  ChannelSchema,
  type PriceRow,
  PriceSchema,
  type ShippingOptionRow,
  ShippingOptionSchema,
  type Tables,
} from './entities.ts';

/** One price that is asked for; no currency means the channel's default. */
export interface PriceAsked {
  variantId: string;
  currency: string | null;
  channelId: string;
}

/** The most prices of a variant, all currencies, channels and times together. */
export const MAX_PRICES = 200;
const MAX_CHANNELS = 100;

const CHANNEL = columnsOf(ChannelSchema);
const PRICE = columnsOf(PriceSchema);

/** The room's queries. */
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
      .where('variantId', '=', variantId)
      .orderBy('validFrom', 'desc')
      .orderBy('id', 'desc')
      .limit(MAX_PRICES)
      .execute(),

  /** All prices in force at an instant, in one statement, each with the currency and channel asked for. */
  pricesInForce: (asked: readonly PriceAsked[], at: Date) =>
    db
      .selectFrom(askedFor(asked))
      .innerJoin('channel', 'channel.id', 'asked.channelId')
      .innerJoin('price', (join) =>
        join
          .onRef('price.variantId', '=', 'asked.variantId')
          .on('price.currency', '=', (eb) => eb.fn.coalesce('asked.currency', 'channel.defaultCurrency'))
          .on((eb) => eb.or([eb('price.channelId', 'is', null), eb('price.channelId', '=', eb.ref('channel.id'))])),
      )
      .where((eb) => eb('price.currency', '=', eb.fn.any('channel.currencies')))
      .where('validFrom', '<=', at)
      .where((eb) => eb.or([eb('validUntil', 'is', null), eb('validUntil', '>', at)]))
      .select(columnsIn('price', PriceSchema))
      .select(['asked.currency as askedCurrency', 'asked.channelId as askedChannel'])
      .execute(),

  shippingOptions: (channelIds: readonly string[]): Promise<ShippingOptionRow[]> =>
    db
      .selectFrom('shipping_option')
      .select(columnsOf(ShippingOptionSchema))
      .where('channelId', 'in', [...channelIds])
      .orderBy('channelId')
      .orderBy('position')
      .orderBy('code')
      .execute(),
});

/** The prices asked for, as rows to join with. */
function askedFor(asked: readonly PriceAsked[]) {
  const column = (of: (one: PriceAsked) => string | null) => sql`${asked.map(of)}::text[]`;
  const rows = sql<{
    variantId: string;
    currency: string | null;
    channelId: string;
  }>`unnest(${column((one) => one.variantId)}, ${column((one) => one.currency)}, ${column((one) => one.channelId)})`;
  return rows.as<'asked'>(sql`asked (variant_id, currency, channel_id)`);
}

export type PricingQueries = ReturnType<typeof pricingQueries>;
