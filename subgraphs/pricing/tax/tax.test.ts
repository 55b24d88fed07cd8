import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Kysely } from 'kysely';
import { isPostalCode, normalPostalCode } from '../../../platform/postal-code.ts';
import { service } from '../../../tests/support/agents.ts';
import { PATIENCE_MS } from '../../../tests/support/patience.ts';
import type { Tables } from '../entities.ts';
import { NOW, openPricing, type Pricing } from '../pricing.testing.ts';
import { dayIn, taxPlaceOf, taxRateOn } from './domain.ts';
import { taxQueries } from './queries.ts';

let pricing: Pricing;
let taxes: ReturnType<typeof taxQueries>;
let lamp: string;
beforeAll(async () => {
  pricing = await openPricing();
  taxes = taxQueries(pricing.agents.kysely.withSchema('pricing') as Kysely<Tables>);
  lamp = await pricing.newVariant();
  for (const [currency, amount] of [
    ['EUR', '100'],
    ['JPY', '1000'],
  ] as const)
    await pricing.setPrice({ variantId: lamp, currency, amount, validFrom: '2025-01-01T00:00:00Z' });
});
afterAll(() => pricing.agents.close());
beforeEach(() => pricing.moveTo(NOW));

const read = (name: string) => JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'));
const QUOTE = `lines { subtotal { minor } tax { minor } total { minor } taxRate }
  shipping { minor } tax { minor } total { minor }
  taxes { rate taxable { minor } tax { minor } territory day rounding reason } problems { code message }`;
const quote = async (input: Record<string, unknown>) => {
  const lines = [{ variantId: lamp, quantity: 1, taxClass: 'STANDARD' }];
  return pricing.agents.query('quote', { input: { lines, ...input } }, QUOTE, service);
};
const taxOf = async (country: string, postcode?: string, more: object = {}) =>
  (await quote({ country, postcode, ...more })).lines[0].tax.minor;
const rateOn = async (at: string, country: string, taxClass: string, more: object = {}) => {
  pricing.moveTo(new Date(at));
  const lines = [{ variantId: lamp, quantity: 1, taxClass }];
  return (await quote({ country, lines, ...more })).lines[0].taxRate;
};
const addRate = (country: string, basisPoints: number, from: string) =>
  pricing.agents.kysely
    .insertInto('pricing.tax_rate')
    .values({ country, taxClass: 'STANDARD', basisPoints, validFrom: from })
    .execute();

describe('the place of an address', () => {
  const AREA = { INSIDE: true, GOODS: null, OUTSIDE: false };
  const placeOf = async (country: string, postcode: string) => {
    const tables = await taxes.taxTables(country);
    const place = taxPlaceOf({ country, postcode }, tables);
    const knows = tables.rates.some((rate) => rate.country === place.ratesOf);
    const standard = knows ? taxRateOn(tables.rates, place.ratesOf, 'STANDARD', '2026-11-30') / 100 : null;
    return { territory: place.territory, eu_vat_area: AREA[place.euVatArea], standard };
  };

  test.each(read('resolve-cases.json').cases as Record<string, string>[])(
    '$country $postcode is in $territory',
    async ({ country, postcode, territory, eu_vat_area, standard }) => {
      expect(await placeOf(country!, postcode!)).toEqual({ territory, eu_vat_area, standard });
    },
  );

  test.each([
    ['ES', 'E-35001', 'ES-CN'],
    ['ES', '３５ ００１', 'ES-CN'],
    ['ES', 'es 38001', 'ES-CN'],
    ['PT', 'PT-9000-001', 'PT-30'],
    ['PT', '9000001', 'PT-30'],
    ['PT', '9600', 'PT-20'],
    ['FR', 'F-97110', 'GP'],
    ['FR', '97 700', 'BL'],
    ['FR', '97800', 'MF'],
    ['FR', '97054', 'MF'],
    ['FR', '97098', 'BL'],
    ['DE', '87491', 'AT-JUN'],
    ['DE', '87568', 'AT-MIT'],
    ['DE', '87561', null],
    ['FR', '98413', 'TF'],
    ['GB', 'im1 1aa', 'IM'],
    ['GB', 'bt15gs', 'XI'],
    ['GB', 'gy11aa', 'GG'],
    ['GB', 'GX11 1AA', 'GI'],
    ['GB', 'B1 1AA', null],
    ['FI', 'AX-22100', 'FI-AX'],
    ['GR', '630 86', 'GR-ATH'],
    ['DK', 'FO-100', 'FO'],
    ['DK', '100', 'FO'],
    // København C, beside the Faroes' 900.
    ['DK', '0900', null],
    ['IT', '120', 'VA'],
    ['IT', 'I-120', 'VA'],
    ['IT', 'I-22061', 'IT-CAM'],
    ['AT', 'A-6991', 'AT-MIT'],
    ['NO', '9171', 'SJ'],
    ['NO', '0150', null],
    ['CH', '7562', 'CH-SAM'],
    ['ES', '', null],
    ['ES', '350011', null],
    ['ES', '335001', null],
    ['PT', '1950-321', null],
    ['MC', '', 'MC'],
    ['AW', '', 'NL-CAR'],
  ] as const)('%s %j is in %s', async (country, postcode, territory) => {
    expect((await placeOf(country, postcode)).territory).toBe(territory);
  });
});

describe('a postal code in any spelling', () => {
  /** Codes of countries whose codes have letters, and of countries with several time zones, by hand. */
  const CODES: Record<string, string[]> = {
    GB: ['IM1 1AA', 'BT1 5GS', 'JE2 3AB', 'GY1 1AA', 'GX11 1AA', 'SW1A 1AA'],
    CA: ['A1A 1A1', 'B3H 0A1', 'R3B 0A1', 'S4P 0A1', 'T0L 1K0', 'V8X 3X4', 'Y1A 0A1', 'K1A 0B1'],
    US: ['00901', '02134', '10001', '60601', '80202', '85001', '90210', '96813', '96910', '99501', '00802-1222'],
    AU: ['0800', '2060', '4000', '5000', '6000'],
    DK: ['100', '900', '0900', '1050', '3900'],
  };
  const wide = (text: string) => text.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
  /** A code as people write it. Danish codes keep their zero: without it they are those of the Faroes. */
  const spellings = (code: string, country: string): string[] => {
    const [short, isNumber] = [code.replace(/^0+/, ''), /^\d+$/.test(code)];
    const written = isNumber && country !== 'DK' ? [code, short] : [code];
    return written.flatMap((one) => {
      const signed = [`${country}-${one}`, `${country.toLowerCase()} ${one}`, `${country}${wide(one)}`];
      const parted = [` ${one.slice(0, 2)} ${one.slice(2)} `, `${one.slice(0, 3)}-${one.slice(3)}`];
      return [one, one.toLowerCase(), wide(one), parted, isNumber ? signed : []].flat();
    });
  };
  const NUMBERS = [3, 4, 5].flatMap((digits) =>
    Array.from({ length: 10 ** digits }, (_, n) => String(n).padStart(digits, '0')),
  );
  /** For each territory's pattern the first code of digits that it has. */
  const firstCodes = async (): Promise<[string, string, string][]> => {
    const rows = await pricing.agents.kysely
      .selectFrom('pricing.tax_territory_match')
      .select(['territory', 'country', 'postcodes'])
      .where('postcodes', '!=', '.*')
      .execute();
    return rows.flatMap(({ territory, country, postcodes }) => {
      const pattern = new RegExp(`^(?:${postcodes})$`);
      const first = NUMBERS.find((code) => pattern.test(code) && normalPostalCode(code, country) === code);
      return first ? [[territory, country, first] as [string, string, string]] : [];
    });
  };

  test('leads to the same place', async () => {
    const found = await firstCodes();
    expect(found.map(([, country, code]) => `${country} ${code}`)).toEqual(
      expect.arrayContaining(['IT 00120', 'DK 100', 'ES 35000', 'FR 97098', 'PT 9500', 'NO 8099']),
    );
    const all = [
      ...found,
      ...Object.entries(CODES).flatMap(([country, codes]) => codes.map((code) => [null, country, code] as const)),
    ];
    for (const [territory, country, code] of all) {
      const tables = await taxes.taxTables(country);
      const place = taxPlaceOf({ country, postcode: code }, tables);
      if (territory) expect([country, code, place.territory]).toEqual([country, code, territory]);
      for (const postcode of spellings(code, country)) {
        expect([country, postcode, isPostalCode(postcode, country)]).toEqual([country, postcode, true]);
        expect([country, postcode, taxPlaceOf({ country, postcode }, tables)]).toEqual([country, postcode, place]);
      }
    }
  });

  test.each([
    ['AU', '800', 'Australia/Darwin'],
    ['AU', 'AU-0800', 'Australia/Darwin'],
    ['US', '901', 'America/Puerto_Rico'],
    ['US', '2134', 'America/New_York'],
    ['US', '90210', 'America/Los_Angeles'],
  ])('is %s %s in %s', async (country, postcode, timeZone) => {
    expect(taxPlaceOf({ country, postcode }, await taxes.taxTables(country)).timeZone).toBe(timeZone);
  });
});

describe('the tax of 100.00', () => {
  test.each([
    ['MC', '98000', '2000'],
    ['IM', 'IM1 1AA', '2000'],
    ['GB', 'BT1 5GS', '2000'],
    ['ES', '28001', '2100'],
    ['ES', '35001', '0'],
    ['ES', '51001', '0'],
    ['ES', '52006', '0'],
    ['FI', '22100', '0'],
    ['AX', '22100', '0'],
    ['FI', '00100', '2550'],
    ['PT', '9000-001', '2200'],
    ['PT', '9500-321', '1600'],
    ['AT', '6691', '1900'],
    ['AT', '6992', '1900'],
    ['DE', '78266', '0'],
    ['DE', '27498', '0'],
    ['IT', '23041', '0'],
    ['IT', '22061', '0'],
    ['GR', '63086', '0'],
    ['FR', '20000', '2000'],
    ['FR', '97400', '0'],
    ['RE', '97400', '0'],
    ['GF', '97300', '0'],
    ['JE', 'JE2 3AB', '0'],
    ['GB', 'JE2 3AB', '0'],
    ['DK', '3900', '0'],
    ['SM', '47890', '0'],
    ['VA', '00120', '0'],
    ['CY', '1010', '1900'],
    ['NO', '9170', '0'],
    ['US', '10001', '0'],
  ])('in %s %s is %s cents', async (country, postcode, tax) => {
    expect(await taxOf(country, postcode)).toBe(tax);
  });

  test('has its reason', async () => {
    expect((await quote({ country: 'ES', postcode: '35001' })).taxes).toEqual([
      {
        rate: '0',
        taxable: { minor: '10000' },
        tax: { minor: '0' },
        territory: 'ES-CN',
        day: '2026-06-01',
        rounding: 'LINE',
        reason: 'The Canary Islands are outside the VAT area of the Union.',
      },
    ]);
    expect((await quote({ country: 'DE', postcode: '10115' })).taxes).toMatchObject([
      { rate: '0.19', territory: null, reason: 'The rates of DE, where it goes.' },
    ]);
    expect((await quote({ country: 'US' })).taxes).toMatchObject([{ rate: '0', reason: 'No tax is taken in US.' }]);
  });
});

describe('an order to Japan', () => {
  const yen = async (unit: string, lines: number, taxClass = 'STANDARD', quantity = 1) => {
    const variants: string[] = [];
    for (let n = 0; n < lines; n++) {
      const variantId = await pricing.newVariant();
      await pricing.setPrice({ variantId, currency: 'JPY', amount: unit });
      variants.push(variantId);
    }
    return quote({
      country: 'JP',
      currency: 'JPY',
      lines: variants.map((variantId) => ({ variantId, quantity, taxClass })),
    });
  };

  test('is rounded once for each rate, down', async () => {
    expect(await yen('105', 3)).toMatchObject({
      tax: { minor: '111' },
      total: { minor: '1226' },
      taxes: [{ rate: '0.1', taxable: { minor: '1115' }, tax: { minor: '111' }, rounding: 'RATE' }],
    });
    expect(await yen('106', 3, 'REDUCED')).toMatchObject({
      tax: { minor: '105' },
      taxes: [
        { rate: '0.1', taxable: { minor: '800' }, tax: { minor: '80' } },
        { rate: '0.08', taxable: { minor: '318' }, tax: { minor: '25' } },
      ],
    });
    expect((await yen('4', 10)).tax.minor).toBe('84');
    expect((await yen('5', 10)).tax.minor).toBe('85');
    expect((await yen('5', 1, 'STANDARD', 10)).tax.minor).toBe('85');
  });

  test('has lines whose taxes, with that of shipping, add up to the tax of the order', async () => {
    const { lines, tax, total } = await yen('5', 10);
    const goods = lines.reduce((sum: number, line: { tax: { minor: string } }) => sum + Number(line.tax.minor), 0);
    expect([goods, tax.minor, total.minor]).toEqual([5, '85', '935']);
  });
});

describe('a rate begins', () => {
  test.each([
    ['SE', 'REDUCED', '2026-03-31T21:59:59Z', '0.12', '2026-03-31T22:00:00Z', '0.06'],
    ['SE', 'REDUCED', '2026-03-31T21:30:00Z', '0.12', '2026-03-31T22:30:00Z', '0.06'],
    ['SE', 'REDUCED', '2027-12-31T22:59:59Z', '0.06', '2027-12-31T23:30:00Z', '0.12'],
    ['FI', 'REDUCED', '2025-12-31T21:59:59Z', '0.14', '2025-12-31T22:30:00Z', '0.135'],
    ['EE', 'STANDARD', '2025-06-30T20:59:59Z', '0.22', '2025-06-30T21:30:00Z', '0.24'],
    ['RO', 'REDUCED', '2025-07-31T20:59:59Z', '0.09', '2025-07-31T21:30:00Z', '0.11'],
    ['LT', 'REDUCED', '2025-12-31T21:59:59Z', '0.09', '2025-12-31T22:30:00Z', '0.05'],
  ])('in %s (%s) at its own midnight', async (country, taxClass, before, old, after, current) => {
    expect([await rateOn(before, country, taxClass), await rateOn(after, country, taxClass)]).toEqual([old, current]);
  });

  test('in Tokyo before it does in Greenwich', async () => {
    await addRate('JP', 2000, '2026-11-30');
    pricing.moveTo(new Date('2026-11-29T23:27:00Z'));
    expect(await quote({ country: 'JP', currency: 'JPY' })).toMatchObject({
      lines: [{ tax: { minor: '200' } }],
      tax: { minor: '360' },
      taxes: [{ day: '2026-11-30' }],
    });
    expect(await rateOn('2026-11-29T14:59:59Z', 'JP', 'STANDARD')).toBe('0.1');
  });

  test('in Honolulu after it does in New York, by the state or by the postal code', async () => {
    await addRate('US', 1000, '2026-11-30');
    const at = '2026-11-30T05:00:00Z';
    const inUS = (region?: string, postcode?: string) => rateOn(at, 'US', 'STANDARD', { region, postcode });
    expect([await inUS('NY'), await inUS(), await inUS(undefined, '10001')]).toEqual(['0.1', '0.1', '0.1']);
    for (const region of ['HI', 'hi', 'Hawaii', 'US-HI', 'CA', 'TX'])
      expect([region, await inUS(region)]).toEqual([region, '0']);
    for (const code of ['96813', '99501', '90210', '60601'])
      expect([code, await inUS(undefined, code)]).toEqual([code, '0']);
    expect(await rateOn('2026-11-30T00:01:00Z', 'US', 'STANDARD')).toBe('0');
    expect(await rateOn('2026-11-30T10:00:00Z', 'US', 'STANDARD', { region: 'HI' })).toBe('0.1');
  });

  test.each(['Pacific/Auckland', 'America/Los_Angeles'])(
    'at the same moment in a process whose time zone is %s',
    (TZ) => {
      const script = `
      import { dayIn } from ${JSON.stringify(new URL('domain.ts', import.meta.url))};
      const at = (time) => new Date(\`2026-11-\${time}:00Z\`);
      console.log(Intl.DateTimeFormat().resolvedOptions().timeZone);
      console.log(dayIn('Asia/Tokyo', at('29T14:59')), dayIn('Asia/Tokyo', at('29T23:27')));
      console.log(dayIn('Pacific/Honolulu', at('30T00:01')), dayIn('Pacific/Honolulu', at('30T10:00')));`;
      const run = [process.execPath, ['--no-warnings', '--input-type=module', '--eval', script]] as const;
      const said = execFileSync(...run, { env: { ...process.env, TZ }, encoding: 'utf8', timeout: PATIENCE_MS });
      expect(said.trim().split('\n')).toEqual([TZ, '2026-11-29 2026-11-30', '2026-11-29 2026-11-30']);
    },
  );

  test('in the Azores an hour after it does in Lisbon', async () => {
    for (const area of ['PT', 'PT-20']) await addRate(area, 2900, '2026-12-01');
    const at = '2026-12-01T00:30:00Z';
    expect(await rateOn(at, 'PT', 'STANDARD', { postcode: '1100-148' })).toBe('0.29');
    expect(await rateOn(at, 'PT', 'STANDARD', { postcode: '9500-321' })).toBe('0.16');
    expect(await rateOn('2026-12-01T01:00:00Z', 'PT', 'STANDARD', { postcode: '9500-321' })).toBe('0.29');
  });
});

test('a change of the tables by hand applies within a minute, when the cache of the country expires', async () => {
  const rateAt = (at: string) => rateOn(at, 'KW', 'STANDARD');
  expect(await rateAt('2026-12-31T12:00:00.000Z')).toBe('0');
  await addRate('KW', 500, '2026-01-01');
  expect(await rateAt('2026-12-31T12:00:59.999Z')).toBe('0');
  expect(await rateAt('2026-12-31T12:01:00.000Z')).toBe('0.05');
  await addRate('KW', 700, '2026-06-01');
  expect(await rateAt('2026-12-31T12:00:30.000Z')).toBe('0.07'); // The clock was set back.
});

describe('the table of rates', () => {
  /** Countries with another reduced rate in the room than in the list: food bears none, or the standard rate. */
  const OTHER_REDUCED: Readonly<Record<string, number>> = { DK: 25, GB: 0, IE: 0, LU: 3, MT: 0 };

  test.each([...read('rates.json').countries, ...read('rates.json').others] as {
    country: string;
    standard: number;
    reduced: number[];
  }[])('has those of $country', async ({ country, standard, reduced }) => {
    const { rates } = await taxes.taxTables(country);
    const rateOf = (taxClass: string) => taxRateOn(rates, country, taxClass, '2026-11-30') / 100;
    expect(rateOf('STANDARD')).toBe(standard);
    const expected = OTHER_REDUCED[country] === undefined ? reduced : [OTHER_REDUCED[country]];
    expect(expected).toContain(rateOf('REDUCED'));
  });

  test('has a time zone for every country and territory', async () => {
    const tables = ['tax_country', 'tax_zone', 'tax_territory'] as const;
    const rows = await Promise.all(
      tables.map((table) => pricing.agents.kysely.selectFrom(`pricing.${table}`).select('timeZone').execute()),
    );
    for (const { timeZone } of rows.flat()) expect(dayIn(timeZone, NOW)).toMatch(/^2026-0(5-31|6-0[12])$/);
    expect(rows[0]!.length).toBeGreaterThan(245);
  });

  test('has valid patterns, and rates for each taxed territory', async () => {
    const db = pricing.agents.kysely;
    const patterns = [
      ...(await db.selectFrom('pricing.tax_territory_match').select('postcodes').execute()),
      ...(await db.selectFrom('pricing.tax_zone').select('postcodes').execute()),
    ];
    for (const { postcodes } of patterns) expect(() => new RegExp(`^(?:${postcodes})$`)).not.toThrow();
    const taxed = await db
      .selectFrom('pricing.tax_territory')
      .select(['id', 'ratesOf'])
      .where('isTaxed', '=', true)
      .execute();
    for (const { id, ratesOf } of taxed) {
      const rates = await db.selectFrom('pricing.tax_rate').select('taxClass').where('country', '=', ratesOf).execute();
      expect([id, new Set(rates.map((rate) => rate.taxClass)).size]).toEqual([id, 2]);
    }
  });
});
