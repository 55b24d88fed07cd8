import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { service } from '../../tests/support/agents.ts';
import { NOW, openPricing, type Pricing } from './pricing.testing.ts';

let pricing: Pricing;
beforeAll(async () => {
  pricing = await openPricing();
});
afterAll(() => pricing.agents.close());
beforeEach(() => pricing.moveTo(NOW));

const newVariant = () => pricing.newVariant();
const setPrice: Pricing['setPrice'] = (input, as) => pricing.setPrice(input, as);

describe('a quote', () => {
  const QUOTE = `channel currency shippingOption
    lines { variantId quantity unitPrice { amount } subtotal { amount } tax { amount } total { amount } taxRate }
    subtotal { amount } shipping { amount } tax { amount } total { amount } problems { code variantId }`;
  const quote = (input: Record<string, unknown>) =>
    pricing.agents.query('quote', { input: { country: 'DE', ...input } }, QUOTE, service);
  const line = (variantId: string, quantity = 1, taxClass = 'STANDARD') => ({ variantId, quantity, taxClass });

  test('of net prices puts the tax on top', async () => {
    const [lamp, book] = [await newVariant(), await newVariant()];
    await setPrice({ variantId: lamp, amount: '10.00' });
    await setPrice({ variantId: book, amount: '9.99' });
    expect(await quote({ lines: [line(lamp, 3), line(book, 1, 'REDUCED')] })).toEqual({
      channel: 'default',
      currency: 'EUR',
      shippingOption: 'standard',
      lines: [
        {
          ...line(lamp, 3),
          taxClass: undefined,
          unitPrice: { amount: '10.00' },
          subtotal: { amount: '30.00' },
          tax: { amount: '5.70' },
          total: { amount: '35.70' },
          taxRate: '0.19',
        },
        {
          ...line(book),
          taxClass: undefined,
          unitPrice: { amount: '9.99' },
          subtotal: { amount: '9.99' },
          tax: { amount: '0.70' },
          total: { amount: '10.69' },
          taxRate: '0.07',
        },
      ],
      subtotal: { amount: '39.99' },
      shipping: { amount: '4.90' },
      tax: { amount: '7.33' },
      total: { amount: '52.22' },
      problems: [],
    });
  });

  test('of gross prices finds the tax within them', async () => {
    const [variantId, channel] = [await newVariant(), await pricing.newChannel('GROSS')];
    await setPrice({ variantId, amount: '11.90', channel });
    expect(await quote({ channel, lines: [line(variantId, 2)] })).toMatchObject({
      lines: [
        {
          unitPrice: { amount: '11.90' },
          subtotal: { amount: '20.00' },
          tax: { amount: '3.80' },
          total: { amount: '23.80' },
        },
      ],
      shipping: { amount: '5.00' },
      tax: { amount: '4.75' },
      total: { amount: '29.75' },
    });
  });

  test('takes the rate of the country on the day, none for an export, none for tax-free goods', async () => {
    const variantId = await newVariant();
    await setPrice({ variantId, amount: '100' });
    const rateIn = async (country: string, taxClass = 'STANDARD') =>
      (await quote({ country, lines: [line(variantId, 1, taxClass)] })).lines[0].taxRate;
    expect([
      await rateIn('FI'),
      await rateIn('FI', 'REDUCED'),
      await rateIn('EE'),
      await rateIn('FR', 'REDUCED'),
    ]).toEqual(['0.255', '0.135', '0.24', '0.055']);
    expect([await rateIn('BR'), await rateIn('DE', 'ZERO')]).toEqual(['0', '0']);
    pricing.moveTo(new Date('2025-12-31T12:00:00Z'));
    await setPrice({ variantId, amount: '100' });
    expect(await rateIn('FI', 'REDUCED')).toBe('0.14');
  });

  test('in a currency of no and of three decimals is exact', async () => {
    const variantId = await newVariant();
    await setPrice({ variantId, amount: '1980', currency: 'JPY' });
    await setPrice({ variantId, amount: '4.995', currency: 'KWD' });
    const lines = [line(variantId, 3)];
    expect(await quote({ country: 'JP', currency: 'JPY', lines })).toMatchObject({
      subtotal: { amount: '5940' },
      shipping: { amount: '800' },
      tax: { amount: '674' },
      total: { amount: '7414' },
    });
    expect(await quote({ country: 'KW', currency: 'KWD', lines })).toMatchObject({
      subtotal: { amount: '14.985' },
      tax: { amount: '0.000' },
      total: { amount: '16.485' },
    });
  });

  test('that cannot be made has its problems, no lines and sums of zero', async () => {
    const [priced, unpriced] = [await newVariant(), await newVariant()];
    await setPrice({ variantId: priced, amount: '1' });
    const nothing = { lines: [], subtotal: { amount: '0.00' }, total: { amount: '0.00' } };
    const lines = [line(priced), line(unpriced)];
    expect(await quote({ lines })).toMatchObject({
      ...nothing,
      problems: [{ code: 'PRICE_NOT_AVAILABLE', variantId: unpriced }],
    });
    for (const channel of ['channel_none', ''])
      expect(await quote({ lines: [line(priced)], channel })).toMatchObject({
        ...nothing,
        problems: [{ code: 'CHANNEL_NOT_FOUND' }],
      });
    expect(await quote({ lines: [line(priced)], currency: 'CHF' })).toMatchObject({
      ...nothing,
      problems: [{ code: 'CURRENCY_NOT_AVAILABLE' }],
    });
    expect(await quote({ lines: [line(priced)], shippingOption: 'drone' })).toMatchObject({
      ...nothing,
      problems: [{ code: 'SHIPPING_OPTION_NOT_FOUND' }],
    });
  });

  test('above the greatest payable amount is refused, in every currency, and one unit below it is made', async () => {
    const most = { EUR: '10000000000.00', JPY: '1000000000000', KWD: '1000000000.000' };
    const variants = await Promise.all(Array.from({ length: 10 }, newVariant));
    for (const [currency, amount] of Object.entries(most))
      for (const variantId of variants) await setPrice({ variantId, currency, amount });
    const of = (currency: string, country: string, quantities: number[]) =>
      quote({ currency, country, lines: quantities.map((quantity, index) => line(variants[index]!, quantity)) });
    const refused = {
      lines: [],
      total: { amount: expect.stringMatching(/^0/) },
      problems: [{ code: 'AMOUNT_TOO_LARGE' }],
    };

    expect(await of('JPY', 'US', [999])).toMatchObject({ problems: [], total: { amount: '999000000000000' } });
    expect(await of('JPY', 'US', [1000])).toMatchObject(refused);
    expect(await of('JPY', 'JP', [909])).toMatchObject({ problems: [], total: { amount: '999900000000000' } });
    expect(await of('JPY', 'JP', [910])).toMatchObject(refused);
    const nines = Array<number>(9).fill(10_000);
    expect(await of('EUR', 'US', [...nines, 9_999])).toMatchObject({ total: { amount: '999990000000000.00' } });
    expect(await of('EUR', 'US', [...nines, 10_000])).toMatchObject(refused);
    expect(await of('KWD', 'KW', [100])).toMatchObject({ problems: [], total: { amount: '100000000000.000' } });
    expect(await of('KWD', 'KW', Array<number>(10).fill(100_000))).toMatchObject(refused);
    expect(await of('EUR', 'DE', Array<number>(10).fill(100_000))).toMatchObject(refused);
  });

  test.each([0, -1, 100_001, 1_000_000_000])('for a quantity of %i is refused', async (quantity) => {
    const refused = quote({ lines: [line('variant_a', quantity)] });
    await expect(refused).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('keeps the order of its lines, and two lines may have one variant', async () => {
    const [a, b] = [await newVariant(), await newVariant()];
    await setPrice({ variantId: a, amount: '1' });
    await setPrice({ variantId: b, amount: '2' });
    const { lines } = await quote({ lines: [line(b, 2), line(a, 1), line(b, 5)] });
    expect(lines.map((one: { variantId: string; quantity: number }) => [one.variantId, one.quantity])).toEqual([
      [b, 2],
      [a, 1],
      [b, 5],
    ]);
  });
});

test('the table of taxes covers the Union, each country with both classes from 2025 on', async () => {
  const UNION = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');
  const rows = await pricing.agents.kysely
    .selectFrom('pricing.tax_rate')
    .select(['country', 'taxClass'])
    .where('validFrom', '=', '2025-01-01')
    .execute();
  const classes = (country: string) =>
    rows
      .filter((row) => row.country === country)
      .map((row) => row.taxClass)
      .sort();
  for (const country of UNION) expect([country, classes(country)]).toEqual([country, ['REDUCED', 'STANDARD']]);
});
