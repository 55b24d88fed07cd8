import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Actor, ANONYMOUS } from '../../platform/identity/actor.ts';
import { actor, operator, viewer } from '../../tests/support/agents.ts';
import { merchant, NOW, openPricing, type Pricing, rival } from './pricing.testing.ts';

let pricing: Pricing;
beforeAll(async () => {
  pricing = await openPricing();
});
afterAll(() => pricing.agents.close());
beforeEach(() => pricing.moveTo(NOW));

const newVariant = () => pricing.newVariant();
const setPrice: Pricing['setPrice'] = (input, as) => pricing.setPrice(input, as);
const removePrice = (input: Record<string, unknown>, as = merchant) =>
  pricing.agents.mutate('removePrice', input, 'removedId userErrors { code }', as);
const pricesOf = (variantId: string, selection: string, as: Actor = operator) =>
  pricing.agents.query('prices', { variantId }, selection, as);
const entities = (ids: readonly string[], field: string) => {
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on ProductVariant { ${field} } } }`;
  const of = ids.map((id) => ({ __typename: 'ProductVariant', id }));
  return pricing.agents.data('pricing', query, { of }, operator);
};
const priceNow = async (id: string, args = ''): Promise<string | null> => {
  const { _entities } = await entities([id], `price${args} { amount currency minor }`);
  return _entities[0].price?.amount ?? null;
};

describe('a price', () => {
  test('is set by the merchant of the variant, and shown', async () => {
    const variantId = await newVariant();
    const { price, userErrors } = await setPrice({ variantId, amount: '19.90' });
    expect(userErrors).toEqual([]);
    expect(price).toMatchObject({
      id: expect.stringMatching(/^price_/),
      amount: { amount: '19.90', currency: 'EUR' },
      version: 1,
    });
    expect(await priceNow(variantId)).toBe('19.90');
    expect(await priceNow(variantId, '(currency: "USD")')).toBeNull();
    expect(await priceNow(variantId, '(channel: "channel_none")')).toBeNull();
  });

  test('is listed, with future ones, for the merchant of the variant and for staff, and for no other merchant', async () => {
    const variantId = await newVariant();
    const { price } = await setPrice({ variantId, amount: '5' });
    const { price: later } = await setPrice({ variantId, amount: '6', validFrom: '2026-12-01T00:00:00Z' });
    const list = (as: Actor, id = variantId) => pricesOf(id, 'id', as);
    for (const who of [merchant, viewer, operator])
      expect(await list(who)).toEqual([{ id: later.id }, { id: price.id }]);
    await pricing.publish(variantId);
    for (const who of [rival, actor({ roles: ['MERCHANT'] })]) expect(await list(who)).toEqual([]);
    expect(await list(merchant, 'variant_none')).toEqual([]);
  });

  test('may be set by an API key with pricing:write alone, also of a draft', async () => {
    const key = actor({ roles: [], scopes: ['pricing:write'] });
    expect((await setPrice({ variantId: await newVariant(), amount: '3' }, key)).userErrors).toEqual([]);
  });

  test("of another merchant's variant, or of an unknown one, cannot be set, and nothing is written", async () => {
    const variantId = await newVariant();
    await pricing.publish(variantId);
    expect((await setPrice({ variantId, amount: '1' }, rival)).userErrors).toMatchObject([
      { code: 'NOT_FOUND', path: ['input', 'variantId'] },
    ]);
    expect((await setPrice({ variantId: 'variant_none', amount: '1' }, operator)).userErrors).toMatchObject([
      { code: 'NOT_FOUND' },
    ]);
    const { price } = await setPrice({ variantId, amount: '2' });
    const [another] = (await removePrice({ id: price.id }, rival)).userErrors;
    expect(another).toMatchObject({ code: 'NOT_FOUND' });
    // Another merchant's price is refused in the same words as an unknown one.
    expect((await removePrice({ id: 'price_none' }, rival)).userErrors).toEqual([another]);
    expect(await priceNow(variantId)).toBe('2.00');
    expect(
      (await pricing.agents.events('pricing.price_changed')).filter(({ payload }) => payload.variantId === variantId),
    ).toHaveLength(1);
  });

  test('that is set to the same value again stays unchanged', async () => {
    const variantId = await newVariant();
    const first = await setPrice({ variantId, amount: '5', reason: 'Opening' });
    const again = await setPrice({ variantId, amount: '5.00', reason: 'Opening' });
    expect(again.price).toEqual(first.price);
    await setPrice({ variantId, amount: '6' }, operator);
    const events = (await pricing.agents.events('pricing.price_changed')).filter(
      ({ payload }) => payload.variantId === variantId,
    );
    expect(events.map(({ aggregate_version }) => aggregate_version)).toEqual([1, 2]);
    expect(events[1]).toMatchObject({
      aggregate_id: first.price.id,
      payload: {
        oldPrice: { minor: '500', currency: 'EUR' },
        newPrice: { minor: '600', currency: 'EUR' },
        channel: null,
        effectiveDate: NOW.toISOString(),
      },
    });
  });

  test('that is set by concurrent requests is one row', async () => {
    const variantId = await newVariant();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => setPrice({ variantId, amount: `${n + 1}` })));
    expect(new Set(answers.map(({ price }) => price.id)).size).toBe(1);
    expect(await pricesOf(variantId, 'version')).toEqual([{ version: 8 }]);
  });

  test('is changed at the expected version only (optimistic lock)', async () => {
    const variantId = await newVariant();
    await setPrice({ variantId, amount: '5' });
    expect((await setPrice({ variantId, amount: '6', expectedVersion: 1 })).price.version).toBe(2);
    expect((await setPrice({ variantId, amount: '7', expectedVersion: 1 })).userErrors).toMatchObject([
      { code: 'VERSION_CONFLICT', currentVersion: 2 },
    ]);
    expect(await priceNow(variantId)).toBe('6.00');
  });

  test('of an unknown channel is refused, also with an empty id', async () => {
    const variantId = await newVariant();
    for (const channel of ['', ' ', 'channel_none'])
      for (const more of [{}, { expectedVersion: 0 }])
        expect(await setPrice({ variantId, amount: '5', channel, ...more })).toMatchObject({
          price: null,
          userErrors: [{ code: 'NOT_FOUND', path: ['input', 'channel'] }],
        });
    expect((await setPrice({ variantId: '', amount: '5' })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await pricesOf(variantId, 'id')).toEqual([]);
    expect(await pricing.agents.query('channel', { id: '' }, 'id', operator)).toBeNull();
  });

  test('that is scheduled is effective from its start, and ends just before its end', async () => {
    const variantId = await newVariant();
    await setPrice({ variantId, amount: '10' });
    const sale = await setPrice({
      variantId,
      amount: '8',
      validFrom: '2026-06-10T00:00:00Z',
      validUntil: '2026-06-12T00:00:00Z',
    });
    expect(sale.userErrors).toEqual([]);
    const seen: (string | null)[] = [];
    for (const day of ['09', '10', '11', '12']) {
      pricing.moveTo(new Date(`2026-06-${day}T00:00:00Z`));
      seen.push(await priceNow(variantId));
    }
    expect(seen).toEqual(['10.00', '8.00', '8.00', '10.00']);
    pricing.moveTo(NOW);
    expect(await pricesOf(variantId, 'amount { amount } validUntil', viewer)).toEqual([
      { amount: { amount: '8.00' }, validUntil: '2026-06-12T00:00:00.000Z' },
      { amount: { amount: '10.00' }, validUntil: null },
    ]);
  });

  test('of a channel goes before one for all channels', async () => {
    const [variantId, channel] = [await newVariant(), await pricing.newChannel('GROSS')];
    await setPrice({ variantId, amount: '12', channel });
    expect(await priceNow(variantId)).toBeNull();
    await setPrice({ variantId, amount: '10' });
    expect(await priceNow(variantId)).toBe('10.00');
    expect(await priceNow(variantId, `(channel: "${channel}")`)).toBe('12.00');
    expect((await setPrice({ variantId, amount: '13', channel })).price).toMatchObject({ version: 2 });
    expect(await priceNow(variantId)).toBe('10.00');
    expect(await priceNow(variantId, `(channel: "${channel}")`)).toBe('13.00');
  });

  test('that is removed makes the earlier price effective again', async () => {
    const variantId = await newVariant();
    await setPrice({ variantId, amount: '10', validFrom: '2026-01-01T00:00:00Z' });
    const { price } = await setPrice({ variantId, amount: '9', validFrom: '2026-05-01T00:00:00Z' });
    expect(await removePrice({ id: price.id, expectedVersion: 7 })).toMatchObject({
      removedId: null,
      userErrors: [{ code: 'VERSION_CONFLICT' }],
    });
    expect(await removePrice({ id: price.id })).toEqual({ removedId: price.id, userErrors: [] });
    expect(await priceNow(variantId)).toBe('10.00');
    expect((await removePrice({ id: price.id })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const last = (await pricing.agents.events('pricing.price_changed'))
      .filter(({ aggregate_id }) => aggregate_id === price.id)
      .at(-1);
    expect(last).toMatchObject({
      aggregate_version: 2,
      payload: { oldPrice: { minor: '900' }, newPrice: { minor: '1000' } },
    });
  });

  test.each([
    [{ amount: '-1' }, 'INVALID_INPUT', 'amount'],
    [{ amount: '1.005' }, 'INVALID_INPUT', 'amount'],
    [{ amount: '5', currency: 'CHF' }, 'CURRENCY_NOT_AVAILABLE', 'currency'],
    [{ amount: '5', channel: 'channel_none' }, 'NOT_FOUND', 'channel'],
    [{ amount: '5', validUntil: '2026-05-31T00:00:00Z' }, 'INVALID_INPUT', 'validUntil'],
    [{ amount: '5', reason: 'x'.repeat(501) }, 'INVALID_INPUT', 'reason'],
    [{ amount: '5', reason: 'a\u0000b' }, 'INVALID_INPUT', 'reason'],
    [{ amount: '5', reason: 'x\ud800y' }, 'INVALID_INPUT', 'reason'],
  ])('is refused as %j, and nothing is written', async (input, code, field) => {
    const variantId = await newVariant();
    expect(await setPrice({ variantId, ...input })).toMatchObject({
      price: null,
      userErrors: [{ code, path: ['input', field] }],
    });
    expect(await pricesOf(variantId, 'id')).toEqual([]);
  });

  test.each(['a\u0000b', 'x\ud800y'])('that is there is not changed for the reason %j', async (reason) => {
    const variantId = await newVariant();
    expect((await setPrice({ variantId, amount: '5.00' })).price).toMatchObject({ version: 1 });
    for (const more of [{}, { expectedVersion: 1 }])
      expect(await setPrice({ variantId, amount: '6', reason, ...more })).toMatchObject({
        price: null,
        userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'reason'] }],
      });
    expect(await pricesOf(variantId, 'amount { amount } version')).toEqual([
      { amount: { amount: '5.00' }, version: 1 },
    ]);
    const changes = await pricing.agents.events('pricing.price_changed');
    expect(changes.filter(({ payload }) => payload.variantId === variantId)).toHaveLength(1);
  });
});

test('the prices of many variants, in several currencies and channels, cost one statement', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, newVariant));
  for (const [n, variantId] of ids.entries())
    await setPrice({ variantId, amount: `${n + 1}`, currency: n % 2 ? 'JPY' : 'EUR' });
  const statements: string[] = [];
  const client = (await import('pg')).default.Client.prototype as { query: (...args: any[]) => unknown };
  const original = client.query;
  client.query = function (this: unknown, ...args: any[]) {
    statements.push(typeof args[0] === 'string' ? args[0] : args[0].text);
    return original.apply(this, args);
  };
  try {
    const { _entities } = await entities(
      ids,
      'id standard: price { amount } yen: price(currency: "JPY", channel: "default") { amount }',
    );
    expect(_entities).toEqual(
      ids.map((id, n) => ({
        id,
        standard: n % 2 ? null : { amount: `${n + 1}.00` },
        yen: n % 2 ? { amount: `${n + 1}` } : null,
      })),
    );
  } finally {
    client.query = original;
  }
  expect(statements).toHaveLength(1);
});

describe('a channel', () => {
  test('that is the default exists without demo data, with its shipping options', async () => {
    const shown =
      'code currencies defaultCurrency priceMode shippingOptions(currency: "KWD") { code price { amount } freeFrom { amount } }';
    expect(await pricing.agents.query('channel', { id: 'default' }, shown, actor({ roles: [] }))).toEqual({
      code: 'default',
      currencies: ['EUR', 'USD', 'JPY', 'KWD'],
      defaultCurrency: 'EUR',
      priceMode: 'NET',
      shippingOptions: [
        { code: 'standard', price: { amount: '1.500' }, freeFrom: { amount: '25.000' } },
        { code: 'express', price: { amount: '4.000' }, freeFrom: null },
      ],
    });
    expect(await pricing.agents.query('channel', { code: 'none' }, 'id', operator)).toBeNull();
    const both = pricing.agents.query('channel', { id: 'default', code: 'default' }, 'id', ANONYMOUS);
    await expect(both).rejects.toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('has two shipping options in each of its currencies', async () => {
    const options = await pricing.agents.kysely
      .selectFrom('pricing.shipping_option')
      .select(['code', 'currency'])
      .where('channelId', '=', 'default')
      .execute();
    for (const currency of ['EUR', 'USD', 'JPY', 'KWD']) {
      expect(
        options
          .filter((option) => option.currency === currency)
          .map(({ code }) => code)
          .sort(),
      ).toEqual(['express', 'standard']);
    }
  });
});
