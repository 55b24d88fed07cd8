import { defineEntity, p } from '@mikro-orm/core';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';

/** The tax classes that have rates: goods of no such class are not taxed. */
export const RatedTaxClass = { STANDARD: 'STANDARD', REDUCED: 'REDUCED' } as const;
export type RatedTaxClass = keyof typeof RatedTaxClass;

/** Whether a channel's prices include the tax. */
export const PriceMode = { GROSS: 'GROSS', NET: 'NET' } as const;
export type PriceMode = keyof typeof PriceMode;

/** Whether an area belongs to the VAT area of the Union; GOODS: for goods alone, as Northern Ireland. */
export const EuVatArea = { INSIDE: 'INSIDE', GOODS: 'GOODS', OUTSIDE: 'OUTSIDE' } as const;
export type EuVatArea = keyof typeof EuVatArea;

export const ChannelSchema = defineEntity({
  name: 'Channel',
  tableName: 'channel',
  properties: {
    id: p.string().primary(),
    code: p.string(),
    name: p.string(),
    currencies: p.array(),
    defaultCurrency: p.string(),
    priceMode: p.enum(() => PriceMode),
    country: p.string(),
    createdAt: p.datetime(),
  },
});

export const PriceSchema = defineEntity({
  name: 'Price',
  tableName: 'price',
  properties: {
    id: p.string().primary(),
    variantId: p.string(),
    /** Null: for every channel that has no price of its own. */
    channelId: p.string().nullable(),
    currency: p.string(),
    amountMinor: p.bigint('bigint'),
    validFrom: p.datetime(),
    /** Null: no end. */
    validUntil: p.datetime().nullable(),
    reason: p.string().nullable(),
    version: p.integer().version().default(1),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const ShippingOptionSchema = defineEntity({
  name: 'ShippingOption',
  tableName: 'shipping_option',
  properties: {
    channelId: p.string().primary(),
    code: p.string().primary(),
    currency: p.string().primary(),
    name: p.string(),
    /** Without tax. */
    amountMinor: p.bigint('bigint'),
    /** Free when the goods, at the prices shown, come to this or more. */
    freeFrom: p.bigint('bigint').nullable(),
    position: p.integer(),
  },
});

/** Tax facts of a country. */
export const TaxCountrySchema = defineEntity({
  name: 'TaxCountry',
  tableName: 'tax_country',
  properties: {
    country: p.string().primary(),
    timeZone: p.string(),
    euVatArea: p.enum(() => EuVatArea).default('OUTSIDE'),
    rounding: p.enum(['LINE', 'RATE']).default('LINE'),
    roundingMode: p.enum(['HALF_UP', 'DOWN', 'UP']).default('HALF_UP'),
  },
});

/** One of the time zones of a country that has several. */
export const TaxZoneSchema = defineEntity({
  name: 'TaxZone',
  tableName: 'tax_zone',
  properties: {
    country: p.string().primary(),
    timeZone: p.string().primary(),
    /** Names of its regions, in capitals. */
    regions: p.array(),
    /** A pattern of whole postal codes, in normal form (platform/postal-code.ts). */
    postcodes: p.string(),
  },
});

/** A territory with tax law of its own. */
export const TaxTerritorySchema = defineEntity({
  name: 'TaxTerritory',
  tableName: 'tax_territory',
  properties: {
    id: p.string().primary(),
    name: p.string(),
    ratesOf: p.string(),
    /** Whether this shop takes the tax there. */
    isTaxed: p.boolean(),
    euVatArea: p.enum(() => EuVatArea),
    timeZone: p.string(),
    reason: p.string(),
  },
});

/** Which of a country's addresses lie in a territory. */
export const TaxTerritoryMatchSchema = defineEntity({
  name: 'TaxTerritoryMatch',
  tableName: 'tax_territory_match',
  properties: {
    territory: p.string(),
    country: p.string().primary(),
    /** A pattern of whole postal codes, in normal form; one that matches every address matches no code, too. */
    postcodes: p.string().primary(),
  },
});

export const TaxRateSchema = defineEntity({
  name: 'TaxRate',
  tableName: 'tax_rate',
  properties: {
    /** The country, or a territory that has rates of its own. */
    country: p.string().primary(),
    taxClass: p.enum(() => RatedTaxClass).primary(),
    basisPoints: p.integer(),
    /** The first day of the rate: `2026-01-31`. */
    validFrom: p.date().primary(),
  },
});

export const entities = [
  ChannelSchema,
  PriceSchema,
  ShippingOptionSchema,
  TaxCountrySchema,
  TaxZoneSchema,
  TaxTerritorySchema,
  TaxTerritoryMatchSchema,
  TaxRateSchema,
];
/** The room's tables, for Kysely. */
export type Tables = TablesOf<(typeof entities)[number]>;
export type ChannelRow = RowOf<typeof ChannelSchema>;
export type PriceRow = RowOf<typeof PriceSchema>;
export type ShippingOptionRow = RowOf<typeof ShippingOptionSchema>;
export type TaxCountryRow = RowOf<typeof TaxCountrySchema>;
export type TaxZoneRow = RowOf<typeof TaxZoneSchema>;
export type TaxTerritoryRow = RowOf<typeof TaxTerritorySchema>;
export type TaxRateRow = RowOf<typeof TaxRateSchema>;
