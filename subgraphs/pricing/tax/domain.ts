/** The tax of an address on a day, with the reason. Pure: the facts of law come from tables (queries.ts). */
import { normalPostalCode } from '../../../platform/postal-code.ts';
import type { EuVatArea, TaxCountryRow, TaxRateRow, TaxTerritoryRow, TaxZoneRow } from '../entities.ts';
import type { TaxRounding } from './rounding.ts';

/** The part of a destination that decides the tax. */
export interface Destination {
  country: string;
  postcode?: string | null;
  region?: string | null;
}

/** Tax facts of a country. */
export type TaxCountry = Omit<TaxCountryRow, 'country'>;
/** One of a country's time zones, with the keys of its regions and a pattern of its postal codes. */
export type TaxZone = Pick<TaxZoneRow, 'timeZone'> & { regions: ReadonlySet<string>; postcodes: RegExp };
/** A territory with tax law of its own, with a pattern of the postal codes that lie in it. */
export type TaxTerritory = Omit<TaxTerritoryRow, 'name'> & { postcodes: RegExp };

/** The rows of the tax tables about one country. */
export interface TaxTables {
  country: TaxCountry | null;
  zones: readonly TaxZone[];
  /** A territory that matches every address comes last. */
  territories: readonly TaxTerritory[];
  /** The rates of the country and of its territories. */
  rates: readonly TaxRateRow[];
}

/** The place of an address for tax. */
export interface TaxPlace {
  /** Null: in no territory with law of its own. */
  territory: string | null;
  euVatArea: EuVatArea;
  /** The country or territory whose rates apply. */
  ratesOf: string;
  isTaxed: boolean;
  timeZone: string;
  rounding: TaxRounding;
  /** The reason, for people. */
  reason: string;
}

/** The facts of a country that the tables do not have. */
const UNKNOWN: TaxCountry = { timeZone: 'UTC', euVatArea: 'OUTSIDE', rounding: 'LINE', roundingMode: 'HALF_UP' };

/** The place of an address for tax: a territory by its postal code, else its country. */
export function taxPlaceOf({ country, postcode, region }: Destination, tables: TaxTables): TaxPlace {
  const facts = tables.country ?? UNKNOWN;
  const rounding: TaxRounding = { per: facts.rounding, mode: facts.roundingMode };
  // An invalid postal code counts as none.
  const code = normalPostalCode(postcode ?? '', country) ?? '';
  const territory = tables.territories.find(({ postcodes }) => postcodes.test(code));
  if (territory) {
    const { id, ratesOf, isTaxed, euVatArea, timeZone, reason } = territory;
    return { territory: id, euVatArea, ratesOf, isTaxed, timeZone, rounding, reason };
  }
  const isTaxed = tables.rates.some((rate) => rate.country === country);
  return {
    territory: null,
    euVatArea: facts.euVatArea,
    ratesOf: country,
    isTaxed,
    timeZone: zoneOf(region, code, tables.zones) ?? facts.timeZone,
    rounding,
    reason: isTaxed ? `The rates of ${country}, where it goes.` : `No tax is taken in ${country}.`,
  };
}

/** The name of a region for comparison: its letters and digits in capitals, without accents. `N.-É.` is `NE`. */
export const regionKey = (name: string): string =>
  name
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/** The time zone by the region, which people choose, else by the postal code. `US-HI` is a region with its country. */
function zoneOf(region: string | null | undefined, code: string, zones: readonly TaxZone[]): string | undefined {
  const name = regionKey((region ?? '').trim().replace(/^[A-Z]{2}-/i, ''));
  const zone = zones.find(({ regions }) => regions.has(name)) ?? zones.find((one) => one.postcodes.test(code));
  return zone?.timeZone;
}

/** The rate of a class of goods on a day, in hundredths of a per cent; 0 if the tables have none. */
export function taxRateOn(rates: readonly TaxRateRow[], area: string, taxClass: string, day: string): number {
  let latest: TaxRateRow | undefined;
  for (const rate of rates) {
    if (rate.country !== area || rate.taxClass !== taxClass || rate.validFrom > day) continue;
    if (!latest || rate.validFrom > latest.validFrom) latest = rate;
  }
  return latest?.basisPoints ?? 0;
}

/** A cache of formats, one per time zone: they are expensive to create. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day (`2026-01-31`) in a time zone: a law begins at midnight there. */
export function dayIn(timeZone: string, at: Date): string {
  let format = formats.get(timeZone);
  if (!format) {
    // The Gregorian calendar in digits, independent of the locale of the process.
    format = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.year!.padStart(4, '0')}-${parts.month}-${parts.day}`;
}
