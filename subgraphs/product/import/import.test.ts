/** What is refused of an import in its request: by the catalogue itself, by pricing and by inventory. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { hashOf } from '../../../platform/data/idempotency.ts';
import type { Actor } from '../../../platform/identity/actor.ts';
import { newId } from '../../../platform/ids.ts';
import { actor, openAgents, operator, type TestAgents } from '../../../tests/support/agents.ts';

let agents: TestAgents;
let locationId: string;
beforeAll(async () => {
  agents = await openAgents(['product', 'pricing', 'inventory']);
  const place = { code: 'TEST', name: 'Test', city: 'Lyon', country: 'FR' };
  locationId = (await agents.mutate('createLocation', place, 'location { id }')).location.id;
});
afterAll(() => agents.close());

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_mine' });
let n = 0;
const product = (more: object = {}, variant: object = {}) => {
  const name = `Thing ${n++}`;
  const price = { amount: '12.50', currency: 'EUR' };
  const stock = { locationId, quantity: 7 };
  return { name, variants: [{ sku: `IMPORT-${n}`, name: 'One', price, stock, ...variant }], ...more };
};
const bring = (products: object[], more: object = {}, as: Actor = operator) => {
  const input = { products, merchantId: 'merchant_test', idempotencyKey: newId('key'), ...more };
  return agents.mutate('importProducts', input, 'saga { id } userErrors { code path }', as);
};
/** How much of what an accepted import begins with is there. */
const left = async () => {
  const { rows } = await sql`select (select count(*) from product.product) as products,
    (select count(*) from product.import) as imports, (select count(*) from product.idempotency) as keys,
    (select count(*) from dbos.workflow_status) as sagas`.execute(agents.kysely);
  return rows[0];
};

test('what is right of an import is accepted, and its saga with it', async () => {
  expect(await bring([product()])).toEqual({
    saga: { id: expect.stringMatching(/^importProducts:import_/) },
    userErrors: [],
  });
});

describe('what can be known to be wrong of an import', () => {
  const wrong = { INVALID_INPUT: 'INVALID_INPUT', CURRENCY: 'CURRENCY_NOT_AVAILABLE', NOT_FOUND: 'NOT_FOUND' };
  const attributed = (...attributes: object[]) => product({}, { attributes });
  const size = { name: 'Size', value: 'L' };
  const price = (amount: string, currency: string) => product({}, { price: { amount, currency } });

  test.each([
    [wrong.INVALID_INPUT, 'name', () => product({ name: 'Tea\u0000' })],
    [wrong.INVALID_INPUT, 'name', () => product({ name: 'a\ud800' })],
    [wrong.INVALID_INPUT, 'name', () => product({ name: '\u200b\u202e' })],
    [wrong.INVALID_INPUT, 'name', () => product({ name: '★ ★' })],
    [wrong.INVALID_INPUT, 'description', () => product({ description: 'a\u0000b' })],
    [wrong.INVALID_INPUT, 'description', () => product({ description: 'x'.repeat(10_001) })],
    [wrong.INVALID_INPUT, 'slug', () => product({ slug: 'Not A Slug' })],
    [wrong.INVALID_INPUT, 'categoryId', () => product({ categoryId: 'category_\u0000' })],
    [wrong.NOT_FOUND, 'categoryId', () => product({ categoryId: '' })],
    [wrong.INVALID_INPUT, 'variants.0.name', () => product({}, { name: 'a\u0000b' })],
    [wrong.INVALID_INPUT, 'variants.0.attributes.0.name', () => attributed({ name: '', value: 'L' })],
    [wrong.INVALID_INPUT, 'variants.0.attributes.0.value', () => attributed({ name: 'a', value: 'a\ud800' })],
    [wrong.INVALID_INPUT, 'variants.0.attributes.1.name', () => attributed(size, { ...size, name: 'SIZE' })],
    [
      wrong.INVALID_INPUT,
      'variants.1.attributes',
      () => {
        const { variants } = attributed(size);
        return product({ variants: [...variants, { ...variants[0], sku: `TWIN-${n}` }] });
      },
    ],
    [
      wrong.INVALID_INPUT,
      'variants.1.name',
      () => {
        const { variants } = product({}, { name: '100 g' });
        return product({ variants: [...variants, { ...variants[0], sku: `TWIN-${n}`, name: '100\u00a0G' }] });
      },
    ],
    [
      wrong.INVALID_INPUT,
      'variants.0.stock.locationId',
      () => product({}, { stock: { locationId: 'location_\u0000', quantity: 1 } }),
    ],
    [wrong.INVALID_INPUT, 'variants.0.stock', () => product({}, { stock: { locationId, quantity: 1_000_001 } })],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('1.001', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('-1', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('99999999999999', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('1000000000001', 'JPY')],
    [wrong.CURRENCY, 'variants.0.price', () => price('1', 'CHF')],
  ])('is refused in the request, %s at %s of its row, and nothing is written: %#', async (code, path, bad) => {
    const before = await left();
    expect(await bring([product(), bad()])).toEqual({
      saga: null,
      userErrors: [{ code, path: ['input', 'products', '1', ...path.split('.')] }],
    });
    expect(await left()).toEqual(before);
  });
});

describe('an import', () => {
  test('again, after a release that took its names as they were written, is the same import', async () => {
    const [input, idempotencyKey] = [product({ name: ' Spaced ' }, { name: 'One ' }), 'released'];
    const first = await bring([input], { idempotencyKey });
    const coerced = { description: '', ...input };
    const variants = input.variants.map((variant) => ({ attributes: [], taxClass: 'STANDARD', ...variant }));
    const request = { products: [{ ...coerced, variants }], merchantId: 'merchant_test' };
    await sql`update product.idempotency set request_hash = ${hashOf(request)} where key = ${idempotencyKey}`.execute(
      agents.kysely,
    );
    expect(await bring([input], { idempotencyKey })).toEqual(first);
    const trimmed = { ...input, name: 'Spaced' };
    expect((await bring([trimmed], { idempotencyKey })).userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  test.each([
    ['merchant_other', merchant],
    ['m'.repeat(5000), operator],
    [' ', operator],
    ['\u202e', operator],
    ['', operator],
  ])(
    'is nobody in another name, nor in one that no merchant has, and nothing is written: %#',
    async (merchantId, who) => {
      const before = await left();
      expect(await bring([product()], { merchantId }, who)).toEqual({
        saga: null,
        userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'merchantId'] }],
      });
      expect(await left()).toEqual(before);
    },
  );
});
