import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actor, admin, openAgents, service, type TestAgents } from '../../tests/support/agents.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['product']);
});
afterAll(() => agents.close());

const PRODUCT =
  'product { id slug status version variants { id sku product { id } } } userErrors { __typename code message path }';
const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
const rival = actor({ roles: ['MERCHANT'], merchantId: 'merchant_b' });

const ask = async (query: string, variables: Record<string, unknown>, as = admin) => {
  const result = await agents.ask('product', query, variables, as);
  expect(result.errors).toBeUndefined();
  return result.data;
};
const create = async (input: Record<string, unknown>, as = merchant) =>
  (await ask(`mutation ($input: CreateProductInput!) { createProduct(input: $input) { ${PRODUCT} } }`, { input }, as))
    .createProduct;
const publish = async (id: string, as = merchant) =>
  (
    await ask(
      `mutation ($input: ChangeProductStatusInput!) { publishProduct(input: $input) { ${PRODUCT} } }`,
      { input: { id } },
      as,
    )
  ).publishProduct;

describe('a product', () => {
  test('is created as a draft with its variants, and the fact is published', async () => {
    const { product, userErrors } = await create({
      name: 'Crème Brûlée Set',
      variants: [{ sku: 'CB-1', name: 'Four' }],
    });
    expect(userErrors).toEqual([]);
    expect(product).toMatchObject({ slug: 'creme-brulee-set', status: 'DRAFT', version: 1 });
    expect(product.variants).toEqual([
      { id: expect.stringMatching(/^variant_/), sku: 'CB-1', product: { id: product.id } },
    ]);
    const events = await agents.events('product.created');
    expect(events).toContainEqual(expect.objectContaining({ aggregate_id: product.id, aggregate_version: 1 }));
  });

  test('whose SKU is taken is refused, and nothing of it is written', async () => {
    await create({ name: 'First', variants: [{ sku: 'TWICE', name: 'One' }] });
    const refused = await create({ name: 'Second', variants: [{ sku: 'TWICE', name: 'One' }] });
    expect(refused).toMatchObject({ product: null, userErrors: [{ code: 'SKU_TAKEN' }] });
    const { products } = await ask('{ products(first: 100) { nodes { name } } }', {});
    expect(products.nodes.map((node: { name: string }) => node.name)).not.toContain('Second');
  });

  test('without a variant cannot be put up for sale', async () => {
    const { product } = await create({ name: 'Empty' });
    const refused = await publish(product.id);
    expect(refused.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'id'] }]);
  });

  test('is changed on the version that was seen, and on no other', async () => {
    const { product } = await create({ name: 'Versioned' });
    const update = `mutation ($input: UpdateProductInput!) { updateProduct(input: $input) {
      product { name version } userErrors { code ... on VersionConflict { currentVersion } } } }`;
    const first = await ask(update, { input: { id: product.id, expectedVersion: 1, name: 'Renamed' } }, merchant);
    expect(first.updateProduct.product).toEqual({ name: 'Renamed', version: 2 });
    const second = await ask(update, { input: { id: product.id, expectedVersion: 1, name: 'Lost' } }, merchant);
    expect(second.updateProduct.userErrors).toEqual([{ code: 'VERSION_CONFLICT', currentVersion: 2 }]);
  });

  test('of another merchant is not there: neither to read as a draft nor to change', async () => {
    const { product } = await create({ name: 'Mine', variants: [{ sku: 'MINE', name: 'One' }] });
    expect((await ask('query ($id: ID) { product(id: $id) { id } }', { id: product.id }, rival)).product).toBeNull();
    expect((await publish(product.id, rival)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await publish(product.id)).product.status).toBe('ACTIVE');
    expect((await ask('query ($id: ID) { product(id: $id) { id } }', { id: product.id }, rival)).product).toEqual({
      id: product.id,
    });
  });
});

describe('a list of products', () => {
  test('is read page by page, each product once', async () => {
    for (let n = 0; n < 5; n++) await create({ name: `Paged ${n}` });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const query =
        'query ($after: String) { products(first: 2, after: $after, orderBy: { field: NAME }) { nodes { name } pageInfo { hasNextPage endCursor } totalCount } }';
      const { products } = await ask(query, { after });
      seen.push(...products.nodes.map((node: { name: string }) => node.name));
      after = products.pageInfo.hasNextPage ? products.pageInfo.endCursor : null;
      expect(products.totalCount).toBeGreaterThanOrEqual(5);
    } while (after);
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen.filter((name) => name.startsWith('Paged'))).toHaveLength(5);
  });

  test.each([0, -1, 101])('refuses a page of %i', async (first) => {
    const result = await agents.ask(
      'product',
      'query ($first: Int) { products(first: $first) { nodes { id } } }',
      { first },
      admin,
    );
    expect(result.errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test('by category holds what lies below it too', async () => {
    const category = async (name: string, parentId?: string) =>
      (
        await ask('mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } } }', {
          input: { name, parentId },
        })
      ).createCategory.category.id;
    const top = await category('Outdoors');
    const below = await category('Tents', top);
    await create({ name: 'Dome Tent', categoryId: below });
    const query =
      'query ($id: ID) { products(filter: { categoryId: $id }) { nodes { name category { parent { id } } } } }';
    expect((await ask(query, { id: top })).products.nodes).toEqual([
      { name: 'Dome Tent', category: { parent: { id: top } } },
    ]);
    for (const id of ['%', `${top.slice(0, -1)}_`]) expect((await ask(query, { id })).products.nodes).toEqual([]);
  });
});

test('an order is told of variants that are for sale, and of no others', async () => {
  const { product } = await create({ name: 'Lamp', variants: [{ sku: 'LAMP', name: 'Brass', taxClass: 'REDUCED' }] });
  const ids = [product.variants[0].id, 'variant_none'];
  const query = 'query ($ids: [ID!]!) { variantsForSale(ids: $ids) { sku title merchantId taxClass } }';
  expect((await ask(query, { ids }, service)).variantsForSale).toEqual([null, null]);
  await publish(product.id);
  expect((await ask(query, { ids }, service)).variantsForSale).toEqual([
    { sku: 'LAMP', title: 'Lamp, Brass', merchantId: 'merchant_a', taxClass: 'REDUCED' },
    null,
  ]);
});
