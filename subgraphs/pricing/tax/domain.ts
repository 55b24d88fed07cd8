/** Which tax an address bears on a day, and why. Pure: the law's facts come out of tables (queries.ts). */
import { normalPostalCode } from '../../../platform/postal-code.ts';
import type { EuVatArea, TaxCountryRow, TaxRateRow, TaxTerritoryRow, TaxZoneRow } from '../entities.ts';
import type { TaxRounding } from './rounding.ts';

/** Where goods go, as far as tax cares. */
export interface Destination {
  country: string;
  postcode?: string | null;
  region?: string | null;
}

/** A country's part in tax. */
export type TaxCountry = Omit<TaxCountryRow, 'country'>;
/** One of a country's time zones. */
export type TaxZone = Pick<TaxZoneRow, 'timeZone' | 'regions'> & { postcodes: RegExp };
/** A territory with a law of its own, and which of a country's addresses lie in it. */
export type TaxTerritory = Omit<TaxTerritoryRow, 'name'> & { postcodes: RegExp };

/** What the tables know of one country. */
export interface TaxTables {
  country: TaxCountry | null;
  zones: readonly TaxZone[];
  /** One of every address comes after the others. */
  territories: readonly TaxTerritory[];
  /** Of the country and of its territories. */
  rates: readonly TaxRateRow[];
}

/** Where an address lies in the eyes of the tax. */
export interface TaxPlace {
  /** None: in no special part of its country. */
  territory: string | null;
  euVatArea: EuVatArea;
  /** Whose rates count: a country's or a territory's. */
  ratesOf: string;
  isTaxed: boolean;
  timeZone: string;
  rounding: TaxRounding;
  /** Why, for people. */
  reason: string;
}

/** A country that the tables do not know. */
const UNKNOWN: TaxCountry = { timeZone: 'UTC', euVatArea: 'OUTSIDE', rounding: 'LINE', roundingMode: 'HALF_UP' };

/** Where the address lies: in a territory by its postal code, else in its country. */
export function taxPlaceOf({ country, postcode, region }: Destination, tables: TaxTables): TaxPlace {
  const facts = tables.country ?? UNKNOWN;
  const rounding: TaxRounding = { per: facts.rounding, mode: facts.roundingMode };
  // What is no code of the country lies where an address without one does.
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

/** By the region, which people choose, before the postal code. A region may have its country before it: `US-HI`. */
function zoneOf(region: string | null | undefined, code: string, zones: readonly TaxZone[]): string | undefined {
  const name = (region ?? '')
    .trim()
    .toUpperCase()
    .replace(/^[A-Z]{2}-/, '');
  const zone = zones.find((one) => one.regions.includes(name)) ?? zones.find((one) => one.postcodes.test(code));
  return zone?.timeZone;
}

/** Hundredths of a per cent for a class of goods on a day. What no table knows bears no tax. */
export function taxRateOn(rates: readonly TaxRateRow[], area: string, taxClass: string, day: string): number {
  let latest: TaxRateRow | undefined;
  for (const rate of rates) {
    if (rate.country !== area || rate.taxClass !== taxClass || rate.validFrom > day) continue;
    if (!latest || rate.validFrom > latest.validFrom) latest = rate;
  }
  return latest?.basisPoints ?? 0;
}

/** Formatting is dear to prepare: one for each of the world's zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Which day (`2026-01-31`) it is there, where a law begins at midnight. */
export function dayIn(timeZone: string, at: Date): string {
  let format = formats.get(timeZone);
  if (!format) {
    // The Gregorian calendar in figures, whatever the process's own language.
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
