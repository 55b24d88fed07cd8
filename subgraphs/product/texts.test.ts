/** The texts of the catalogue, by the limits that its schema declares. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { actor, openAgents, type TestAgents } from '../../tests/support/agents.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['product']);
});
afterAll(() => agents.close());

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
const create = (input: Record<string, unknown>) =>
  agents.mutate(
    'createProduct',
    input,
    'product { name slug description variants { name attributes { name value } } }',
    merchant,
  );
const count = async () => (await agents.kysely.selectFrom('product.product').select('id').execute()).length;

test('names are stored without the blanks around them, the description as it was written', async () => {
  const { product, userErrors } = await create({
    name: ' Shirt\t',
    description: ' Two\nlines ',
    variants: [{ sku: 'TRIM', name: ' M ', attributes: [{ name: ' Size ', value: 'M ' }] }],
  });
  expect(userErrors).toEqual([]);
  expect(product).toEqual({
    name: 'Shirt',
    slug: 'shirt',
    description: ' Two\nlines ',
    variants: [{ name: 'M', attributes: [{ name: 'Size', value: 'M' }] }],
  });
});

test('a product whose texts have their greatest lengths is accepted', async () => {
  const { userErrors } = await create({
    name: 'n'.repeat(200),
    description: '😀'.repeat(10_000),
    slug: 's'.repeat(100),
    variants: [
      { sku: 'K'.repeat(64), name: 'v'.repeat(200), attributes: [{ name: 'a'.repeat(100), value: 'b'.repeat(500) }] },
    ],
  });
  expect(userErrors).toEqual([]);
});

const variant = (change: object) => ({
  variants: [
    { sku: 'ONE', name: 'One' },
    { sku: 'TWO', name: 'Two', ...change },
  ],
});
const attributed = (change: object) =>
  variant({
    attributes: [
      { name: 'Size', value: 'L' },
      { name: 'Fit', value: 'Slim', ...change },
    ],
  });

test.each([
  ['name', { name: 'x'.repeat(201) }],
  ['name', { name: 'x'.repeat(5000) }],
  ['slug', { slug: 'x'.repeat(101) }],
  ['slug', { slug: '' }],
  ['variants.1.sku', variant({ sku: 'x'.repeat(65) })],
  ['variants.1.sku', variant({ sku: '' })],
  ['variants.1.name', variant({ name: '   ' })],
  ['variants.1.name', variant({ name: '\u200b\u202e' })],
  ['variants.1.name', variant({ name: 'a\ud800' })],
  ['variants.1.attributes.1.name', attributed({ name: '' })],
  ['variants.1.attributes.1.name', attributed({ name: 'x'.repeat(101) })],
  ['variants.1.attributes.1.value', attributed({ value: '' })],
  ['variants.1.attributes.1.value', attributed({ value: 'x'.repeat(501) })],
  ['variants.1.attributes.1.value', attributed({ value: 'x'.repeat(100_000) })],
])('a product is refused at %s, and nothing is written: %#', async (path, change) => {
  const before = await count();
  expect(await create({ name: 'Fine', ...change })).toEqual({
    product: null,
    userErrors: [{ code: 'INVALID_INPUT', path: ['input', ...path.split('.')] }],
  });
  expect(await count()).toBe(before);
});

test('all texts that are over their limits are reported at once', async () => {
  const { userErrors } = await create({
    name: '',
    description: 'x'.repeat(10_001),
    ...variant({ sku: '', name: '', attributes: [{ name: '', value: '' }] }),
  });
  expect(userErrors.map(({ path }: { path: string[] }) => path.slice(1).join('.'))).toEqual([
    'name',
    'description',
    'variants.1.sku',
    'variants.1.name',
    'variants.1.attributes.0.name',
    'variants.1.attributes.0.value',
  ]);
});
