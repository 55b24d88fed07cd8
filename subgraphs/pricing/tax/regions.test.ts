import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import type { Tables } from '../entities.ts';
import { openPricing, type Pricing } from '../pricing.testing.ts';
import { taxPlaceOf } from './domain.ts';
import { taxQueries } from './queries.ts';

let pricing: Pricing;
let taxes: ReturnType<typeof taxQueries>;
beforeAll(async () => {
  pricing = await openPricing();
  taxes = taxQueries(pricing.agents.kysely.withSchema('pricing') as Kysely<Tables>);
});
afterAll(() => pricing.agents.close());

test.each([
  [
    'America/St_Johns',
    'NL | nl | CA-NL | ca-nl | N.L. | Nfld. | Newfoundland | Newfoundland and Labrador | Newfoundland & Labrador',
  ],
  ['America/St_Johns', 'T.-N.-L. | Terre-Neuve | Terre-Neuve-et-Labrador | Terre Neuve et Labrador'],
  ['America/Halifax', 'NS | N.S. | Nova Scotia | N.-É. | Nouvelle-Écosse | Nouvelle-E\u0301cosse | NOUVELLE ECOSSE'],
  ['America/Halifax', 'NB | N.B. | New Brunswick | N.-B. | Nouveau-Brunswick'],
  ['America/Halifax', 'PE | P.E.I. | Prince Edward Island | Î.-P.-É. | Île-du-Prince-Édouard | Ile du Prince-Edouard'],
  ['America/Winnipeg', 'MB | Man. | Manitoba'],
  ['America/Regina', 'SK | Sask. | Saskatchewan'],
  ['America/Edmonton', 'AB | Alta. | Alb. | Alberta | NU | Nunavut'],
  ['America/Edmonton', 'NT | N.W.T. | Northwest Territories | T.N.-O. | Territoires du Nord-Ouest'],
  ['America/Vancouver', 'BC | B.C. | British Columbia | C.-B. | Colombie-Britannique'],
  ['America/Whitehorse', 'YT | Y.T. | Yn | Yukon | Yukon Territory'],
  ['America/Toronto', 'ON | Ont. | Ontario | QC | Que. | Qc | Québec | - | Labrador City'],
])('Canada has the days of %s in %s', async (timeZone, names) => {
  const tables = await taxes.taxTables('CA');
  const regions = names.split(' | ');
  const zoneOf = (region: string) => taxPlaceOf({ country: 'CA', region }, tables).timeZone;
  expect(regions.map((region) => [region, zoneOf(region)])).toEqual(regions.map((region) => [region, timeZone]));
});

test.each([
  ['America/Puerto_Rico', 'PR', 'Puerto Rico', 'VI', 'Virgin Islands', 'U.S. Virgin Islands'],
  ['Pacific/Guam', 'GU', 'Guam', 'MP', 'Northern Mariana Islands'],
  ['America/Denver', 'NM', 'N.M.', 'New Mexico', 'new  mexico'],
])('the United States have the days of %s in %s and %s', async (timeZone, ...regions) => {
  const tables = await taxes.taxTables('US');
  const zoneOf = (region: string) => taxPlaceOf({ country: 'US', region }, tables).timeZone;
  expect(regions.map((region) => [region, zoneOf(region)])).toEqual(regions.map((region) => [region, timeZone]));
});

test.each(['US', 'CA', 'AU'])('no region of %s is in two time zones', async (country) => {
  const { zones } = await taxes.taxTables(country);
  const keys = zones.flatMap(({ regions }) => Array.from(regions));
  expect(keys.filter((key, n) => keys.indexOf(key) !== n)).toEqual([]);
  expect(keys.length).toBeGreaterThan(0);
  expect(keys).not.toContain('');
});
