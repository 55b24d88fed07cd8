/** Refusals of an import in its request: by the catalogue itself, by pricing and by inventory. */
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
/** Counts of the rows that an accepted import begins with. */
const left = async () => {
  const { rows } = await sql`select (select count(*) from product.product) as products,
    (select count(*) from product.import) as imports, (select count(*) from product.idempotency) as keys,
    (select count(*) from dbos.workflow_status) as sagas`.execute(agents.kysely);
  return rows[0];
};

test('a valid import is accepted, and its saga with it', async () => {
  expect(await bring([product()])).toEqual({
    saga: { id: expect.stringMatching(/^importProducts:import_/) },
    userErrors: [],
  });
});

describe('a replay of an import', () => {
  const idempotencyKey = 'an import with blanks';
  const withBlanks = (name: string) => product({ name }, { sku: 'BLANKS-1', name: 'One ' });
  const sagaOf = async (name: string) =>
    (await bring([withBlanks(name)], { idempotencyKey })) as { saga: { id: string } | null; userErrors: object[] };

  test('is the same import with and without the blanks around names', async () => {
    const first = await sagaOf('  Tea with blanks');
    expect(first.userErrors).toEqual([]);
    expect(await sagaOf('Tea with blanks  ')).toEqual(first);
    expect(await sagaOf('Tea  with blanks')).toMatchObject({
      saga: null,
      userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
    });
  });

  test('is the same import if the previous release stored its hash, of names as they were written', async () => {
    const first = await sagaOf('  Tea with blanks');
    const [variant] = withBlanks('').variants;
    const variants = [{ attributes: [], taxClass: 'STANDARD', ...variant }];
    const written = [{ name: '  Tea with blanks', description: '', variants }];
    const kept = hashOf({ products: written, merchantId: 'merchant_test' });
    await sql`update product.idempotency set request_hash = ${kept} where key = ${idempotencyKey}`.execute(
      agents.kysely,
    );
    expect(await sagaOf('  Tea with blanks')).toEqual(first);
    expect(await sagaOf('Coffee')).toMatchObject({ saga: null, userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
  });
});

describe('a mistake of an import that can be known beforehand', () => {
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
    [wrong.NOT_FOUND, 'categoryId', () => product({ categoryId: 'category_none' })],
    [
      wrong.NOT_FOUND,
      'variants.0.stock.locationId',
      () => product({}, { stock: { locationId: 'location_none', quantity: 1 } }),
    ],
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
    [
      wrong.INVALID_INPUT,
      'variants.0.stock.quantity',
      () => product({}, { stock: { locationId, quantity: 1_000_001 } }),
    ],
    [wrong.INVALID_INPUT, 'variants.0.stock.quantity', () => product({}, { stock: { locationId, quantity: 0 } })],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('1.001', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('19.999', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('-1', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('99999999999999', 'EUR')],
    [wrong.INVALID_INPUT, 'variants.0.price', () => price('1000000000001', 'JPY')],
    [wrong.CURRENCY, 'variants.0.price', () => price('1', 'CHF')],
    [wrong.CURRENCY, 'variants.0.price', () => price('1', 'GBP')],
    [wrong.INVALID_INPUT, 'variants.0.stock.quantity', () => product({}, { stock: { locationId, quantity: -5 } })],
  ])('is refused in the request, %s at %s of its row, and nothing is written: %#', async (code, path, bad) => {
    const before = await left();
    expect(await bring([product(), bad()])).toEqual({
      saga: null,
      userErrors: [{ code, path: ['input', 'products', '1', ...path.split('.')] }],
    });
    expect(await left()).toEqual(before);
  });
});

test('an import with a category or a location that does not exist is refused in words that name it', async () => {
  const input = {
    products: [
      product({ categoryId: 'category_none' }),
      product({}, { stock: { locationId: 'location_none', quantity: 1 } }),
    ],
    merchantId: 'merchant_test',
    idempotencyKey: newId('key'),
  };
  expect(await agents.mutate('importProducts', input, 'saga { id } userErrors { message }', operator)).toEqual({
    saga: null,
    userErrors: [
      { message: 'There is no category category_none.' },
      { message: 'There is no location location_none.' },
    ],
  });
});

describe('an import', () => {
  test.each([
    ['merchant_other', merchant],
    ['m'.repeat(5000), operator],
    [' ', operator],
    ['\u202e', operator],
    ['', operator],
  ])(
    'is refused in the name of another merchant, or of one that cannot be, and nothing is written: %#',
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
