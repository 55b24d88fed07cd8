import { defineEntity, p } from '@mikro-orm/core';
import type { InferKyselyDB } from '@mikro-orm/postgresql';
import type { EuVatArea } from './tax/domain.ts';
import type { TaxRounding } from './tax/rounding.ts';

/** Whether a channel's prices hold the tax. */
export type PriceMode = 'GROSS' | 'NET';

const PriceSchema = defineEntity({
  name: 'Price',
  tableName: 'price',
  properties: {
    id: p.string().primary(),
    variantId: p.string(),
    channelId: p.string().nullable(),
    currency: p.string(),
    amountMinor: p.bigint('bigint'),
    validFrom: p.datetime(),
    validUntil: p.datetime().nullable(),
    reason: p.string().nullable(),
    version: p.integer().version(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export class Price extends PriceSchema.class {}
PriceSchema.setClass(Price);

/** What commands edit. The rest is reference data, which only SQL reads. */
export const entities = [PriceSchema];

interface ChannelTable {
  id: string;
  code: string;
  name: string;
  currencies: string[];
  default_currency: string;
  price_mode: PriceMode;
  country: string;
  created_at: Date;
}

interface ShippingOptionTable {
  channel_id: string;
  code: string;
  currency: string;
  name: string;
  amount_minor: bigint;
  free_from: bigint | null;
  position: number;
}

interface TaxCountryTable {
  country: string;
  time_zone: string;
  eu_vat_area: EuVatArea;
  rounding: TaxRounding['per'];
  rounding_mode: TaxRounding['mode'];
}

interface TaxZoneTable {
  country: string;
  time_zone: string;
  regions: string[];
  postcodes: string;
}

interface TaxTerritoryTable {
  id: string;
  name: string;
  rates_of: string;
  is_taxed: boolean;
  eu_vat_area: EuVatArea;
  time_zone: string;
  reason: string;
}

interface TaxTerritoryMatchTable {
  territory: string;
  country: string;
  postcodes: string;
}

interface TaxRateTable {
  /** Or a territory that has rates of its own. */
  country: string;
  tax_class: string;
  basis_points: number;
  /** A day: `2026-01-31`. */
  valid_from: string;
}

/** The room's tables, as SQL sees them. */
export interface Tables extends InferKyselyDB<(typeof entities)[number]> {
  channel: ChannelTable;
  shipping_option: ShippingOptionTable;
  tax_country: TaxCountryTable;
  tax_zone: TaxZoneTable;
  tax_territory: TaxTerritoryTable;
  tax_territory_match: TaxTerritoryMatchTable;
  tax_rate: TaxRateTable;
}
