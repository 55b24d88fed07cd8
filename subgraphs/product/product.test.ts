import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { isTransient } from '../../platform/errors.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { actor, admin, openAgents, service, type TestAgents } from '../../tests/support/agents.ts';
import { takenMeanwhile } from '../../tests/support/taken-meanwhile.ts';
import { slugOf } from './slug.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['product']);
});
afterAll(() => agents.close());

const PRODUCT =
  'product { id slug status version variants { id sku product { id } } } userErrors { __typename code message path }';
const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });
const rival = actor({ roles: ['MERCHANT'], merchantId: 'merchant_b' });

const create = (input: Record<string, unknown>, as = merchant) => agents.mutate('createProduct', input, PRODUCT, as);
const update = (input: Record<string, unknown>, selection = PRODUCT) =>
  agents.mutate('updateProduct', input, selection, merchant);
const publish = (id: string, as = merchant) => agents.mutate('publishProduct', { id }, PRODUCT, as);

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
    const products = await agents.query('products', { first: 100 }, 'nodes { name }');
    expect(products.nodes.map((node: { name: string }) => node.name)).not.toContain('Second');
  });

  test('without a variant cannot be put up for sale', async () => {
    const { product } = await create({ name: 'Empty' });
    const refused = await publish(product.id);
    expect(refused.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'id'] }]);
  });

  test('is changed at the expected version only (optimistic lock)', async () => {
    const { product } = await create({ name: 'Versioned' });
    const shown = 'product { name version } userErrors { code ... on VersionConflict { currentVersion } }';
    const first = await update({ id: product.id, expectedVersion: 1, name: 'Renamed' }, shown);
    expect(first.product).toEqual({ name: 'Renamed', version: 2 });
    const second = await update({ id: product.id, expectedVersion: 1, name: 'Lost' }, shown);
    expect(second.userErrors).toEqual([{ code: 'VERSION_CONFLICT', currentVersion: 2 }]);
  });

  test('of another merchant cannot be read as a draft, and cannot be changed', async () => {
    const { product } = await create({ name: 'Mine', variants: [{ sku: 'MINE', name: 'One' }] });
    expect(await agents.query('product', { id: product.id }, 'id', rival)).toBeNull();
    expect((await publish(product.id, rival)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await publish(product.id)).product.status).toBe('ACTIVE');
    expect(await agents.query('product', { id: product.id }, 'id', rival)).toEqual({ id: product.id });
  });
});

describe('a write of a product', () => {
  const size = { name: 'Size', value: 'L' };
  const colour = { name: 'Colour', value: 'Blue' };
  const counts = async () => {
    const { rows } = await sql<Record<'products' | 'variants', number>>`select
      (select count(*)::int from product.product) as products,
      (select count(*)::int from product.variant) as variants`.execute(agents.kysely);
    return rows[0]!;
  };

  test.each([
    ['name', { name: 'a\u0000b' }],
    ['name', { name: 'a\ud800' }],
    ['name', { name: '\u200b' }],
    ['name', { name: '\u202eabc' }],
    ['name', { name: '★' }],
    ['description', { description: 'x'.repeat(10_001) }],
    ['description', { description: 'a\u0000b' }],
    ['slug', { slug: 'No Slug' }],
    ['merchantId', { merchantId: 'merchant_b' }],
    [
      'variants.0.attributes.0.value',
      { variants: [{ sku: 'T', name: 'v', attributes: [{ name: 'a', value: 'a\u0000' }] }] },
    ],
    [
      'variants.1.attributes',
      {
        variants: [
          { sku: 'T-1', name: 'v', attributes: [size, colour] },
          { sku: 'T-2', name: 'v', attributes: [colour, { name: 'SIZE', value: 'l' }] },
        ],
      },
    ],
    ['variants.1.name', { variants: ['100 g', '100  G\u200b'].map((name, n) => ({ sku: `T-${n}`, name })) }],
  ])('is refused at %s, and nothing is written: %#', async (path, input) => {
    const before = await counts();
    const refused = await create({ name: 'Fine', ...input });
    expect(refused).toMatchObject({
      product: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', ...path.split('.')] }],
    });
    expect(await counts()).toEqual(before);
  });

  test.each([
    ['name', 'a\u0000b'],
    ['name', 'x\ud800y'],
    ['name', '\u2060'],
    ['description', 'x'.repeat(10_001)],
    ['description', 'x\ud800y'],
    ['slug', 'a\u0000b'],
  ])('with an invalid %s changes nothing: %#', async (field, text) => {
    const { product } = await create({ name: 'Stays' });
    expect(await update({ id: product.id, expectedVersion: 1, [field]: text })).toMatchObject({
      product: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', field] }],
    });
    const row = agents.kysely
      .selectFrom('product.product')
      .select(['name', 'description', 'version'])
      .where('id', '=', product.id);
    expect(await row.execute()).toEqual([{ name: 'Stays', description: '', version: 1 }]);
  });

  test('adds no variant with the attributes of one that is there', async () => {
    const { product } = await create({
      name: 'Twins',
      variants: [{ sku: 'TW-1', name: 'v', attributes: [size, colour] }],
    });
    const add = (sku: string, attributes: object[]) => {
      const input = { productId: product.id, variant: { sku, name: 'v', attributes } };
      return agents.mutate('addProductVariant', input, 'variant { id } userErrors { code path }', merchant);
    };
    expect(await add('TW-2', [{ name: 'colour', value: 'BLUE' }, size])).toEqual({
      variant: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'variant', 'attributes'] }],
    });
    expect((await add('TW-1', [size])).userErrors).toEqual([{ code: 'SKU_TAKEN', path: ['input', 'variant', 'sku'] }]);
    for (const [sku, attributes] of [
      ['TW-3', []],
      ['TW-5', [size]],
    ] as const)
      expect((await add(sku, [...attributes])).userErrors).toEqual([]);
    expect(await add('TW-4', [])).toEqual({
      variant: null,
      userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'variant', 'name'] }],
    });
  });

  test('reports a taken SKU at its path', async () => {
    await create({ name: 'Owner', variants: [{ sku: 'OWNED', name: 'v' }] });
    const refused = await create({
      name: 'Late',
      variants: [
        { sku: 'FREE', name: 'v' },
        { sku: 'OWNED', name: 'w' },
      ],
    });
    expect(refused.userErrors).toMatchObject([{ code: 'SKU_TAKEN', path: ['input', 'variants', '1', 'sku'] }]);
  });

  test('reports a SKU that is taken at the same moment at its path, and writes nothing', async () => {
    const { product: other } = await create({ name: 'Faster' });
    const before = await counts();
    const variants = ['CALM', 'CONTESTED'].map((sku) => ({ sku, name: sku }));
    const refused = await takenMeanwhile(
      agents.kysely,
      (transaction) =>
        sql`insert into product.variant (id, product_id, sku, name, position, created_at)
          values ('variant_faster', ${other.id}, 'CONTESTED', 'v', 0, now())`.execute(transaction),
      () => create({ name: 'Slower', variants }),
    );
    expect(refused).toMatchObject({
      product: null,
      userErrors: [{ code: 'SKU_TAKEN', path: ['input', 'variants', '1', 'sku'] }],
    });
    expect(await counts()).toEqual({ ...before, variants: before.variants + 1 });
  });
});

describe('a slug', () => {
  test('is made of the name and unique, also when many products of one name are created at once', async () => {
    const slugs = async (...names: string[]) =>
      (await Promise.all(names.map((name) => create({ name })))).map(({ product }) => product?.slug);
    expect(await slugs('Maß')).toEqual(['mass']);
    expect(await slugs('MA')).toEqual(['ma']);
    expect(await slugs('Đorđe')).toEqual(['dorde']);
    expect(await slugs('Αθήνα', 'Щука', 'مرحبا', '茶', '🎁')).toEqual(['athina', 'shchuka', 'mrhb', 'cha', 'gift']);
    const numbered = Array.from({ length: 20 }, (_, n) => (n ? `rush-${n + 1}` : 'rush'));
    expect((await slugs(...Array<string>(20).fill('Rush'))).toSorted()).toEqual(numbered.toSorted());
    expect(await slugs('RUSH', 'rush')).toEqual(Array(2).fill(expect.stringMatching(/^rush-[a-z\d]{12}$/)));
  });

  test('is found for every name, also when different names compete for one number at once', async () => {
    for (let round = 0; round < 8; round++) {
      const name = `Crowd ${'ABCDEFGH'[round]}`;
      const slug = slugOf(name);
      await create({ name });
      const { product: moved } = await create({ name: 'Moved' });
      const names = [name, `${name} 2`, `${name} 2 2`, name, `${name} 3`, `${name} 2`];
      const all = await Promise.all([
        ...names.map((one) => create({ name: one })),
        create({ name: 'Given', slug: `${slug}-4` }),
        update({ id: moved.id, expectedVersion: 1, slug: `${slug}-5` }),
      ]);
      expect(all.slice(0, names.length).flatMap(({ userErrors }) => userErrors)).toEqual([]);
      // A given slug may come too late.
      for (const { userErrors } of all.slice(names.length))
        expect(userErrors.length && userErrors).toEqual(
          userErrors.length && [expect.objectContaining({ code: 'SLUG_TAKEN', path: ['input', 'slug'] })],
        );
    }
  });

  test('that is given is refused at its path when it is taken', async () => {
    await create({ name: 'A', slug: 'given-slug' });
    expect((await create({ name: 'B', slug: 'given-slug' })).userErrors).toMatchObject([
      { code: 'SLUG_TAKEN', path: ['input', 'slug'] },
    ]);
    expect((await create({ name: 'Given slug' })).product.slug).toBe('given-slug-2');
  });
});

describe('creating a product', () => {
  test('makes the merchant its owner, named or not; only staff name another one, which must be valid', async () => {
    const whose = (input: object, as: Actor) =>
      agents.mutate(
        'createProduct',
        { name: 'Whose', ...input },
        'product { merchantId } userErrors { code path }',
        as,
      );
    const refused = { product: null, userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'merchantId'] }] };
    for (const own of [{}, { merchantId: null }, { merchantId: 'merchant_a' }])
      expect((await whose(own, merchant)).product).toEqual({ merchantId: 'merchant_a' });
    expect(await whose({ merchantId: 'merchant_b' }, merchant)).toEqual(refused);
    expect(await whose({ merchantId: 'merchant_b' }, actor({ roles: ['MERCHANT'] }))).toEqual(refused);
    expect((await whose({ merchantId: 'merchant_b' }, admin)).product).toEqual({ merchantId: 'merchant_b' });
    for (const merchantId of [null, '', ' ', 'm'.repeat(65), 'm'.repeat(5000), '🦊', '\u202e', 'a\u0000'])
      expect(await whose({ merchantId }, admin)).toEqual(refused);
  });

  test('answers with the product, also if the caller may only write', async () => {
    const writer = actor({ roles: [], scopes: ['product:write'] });
    const { product, userErrors } = await create({ name: 'Written', merchantId: 'merchant_b' }, writer);
    expect([product?.status, userErrors]).toEqual(['DRAFT', []]);
  });
});

describe('a list of products', () => {
  /** All products by name, read in pages of two. */
  async function byName(filter: object = {}, direction = 'ASC'): Promise<{ id: string; name: string }[]> {
    const seen: { id: string; name: string }[] = [];
    let after: string | null = null;
    do {
      const asked = { first: 2, after, filter, orderBy: { field: 'NAME', direction } };
      const products: any = await agents.query(
        'products',
        asked,
        'nodes { id name } pageInfo { hasNextPage endCursor }',
      );
      seen.push(...products.nodes);
      after = products.pageInfo.hasNextPage ? products.pageInfo.endCursor : null;
    } while (after);
    return seen;
  }

  test('is read page by page, each product once', async () => {
    for (let n = 0; n < 5; n++) await create({ name: `Paged ${n}` });
    const seen = await byName();
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    const { count } = await agents.kysely
      .selectFrom('product.product')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .executeTakeFirstOrThrow();
    expect(seen.length).toBe(Number(count));
    expect(seen.filter(({ name }) => name.startsWith('Paged'))).toHaveLength(5);
  });

  test('by name is in the order of a dictionary, in both directions, page by page', async () => {
    const merchantId = 'merchant_sorted';
    for (const name of ['Zebra', 'éclair', 'Banana', 'apple', 'Äpfel', 'Apple', 'apple', 'Łódź', 'zoo', '茶', '1 Pear'])
      await create({ name, merchantId }, admin);
    const order = ['1 Pear', 'Äpfel', 'apple', 'apple', 'Apple', 'Banana', 'éclair', 'Łódź', 'Zebra', 'zoo', '茶'];
    const names = async (direction: string) => (await byName({ merchantId }, direction)).map(({ name }) => name);
    expect(await names('ASC')).toEqual(order);
    expect(await names('DESC')).toEqual(order.toReversed());
  });

  test('by name is read from an index, also after a cursor', async () => {
    const plan = await agents.kysely.transaction().execute(async (transaction) => {
      await sql`set local enable_seqscan = off; set local enable_sort = off`.execute(transaction);
      const name = sql`name collate "und-x-icu"`;
      const page = sql`explain select id from product.product where (${name}, id) > ('a', 'b') order by ${name}, id limit 3`;
      return JSON.stringify((await page.execute(transaction)).rows);
    });
    expect(plan).toMatch(/Index.* using product_by_name_for_people .*Index Cond/s);
  });

  test('by status is read from an index, the oldest first', async () => {
    const plan = await agents.kysely.transaction().execute(async (transaction) => {
      await sql`set local enable_seqscan = off; set local enable_sort = off`.execute(transaction);
      const page = sql`explain select id from product.product where status = 'DRAFT' order by created_at, id limit 3`;
      return JSON.stringify((await page.execute(transaction)).rows);
    });
    expect(plan).toMatch(/Index.* using product_by_status .*Index Cond/s);
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

  test('by category includes those of the categories below', async () => {
    const category = async (name: string, parentId?: string) =>
      (await agents.mutate('createCategory', { name, parentId }, 'category { id }')).category.id;
    const top = await category('Outdoors');
    const below = await category('Tents', top);
    await create({ name: 'Dome Tent', categoryId: below });
    const within = async (categoryId: string) =>
      (await agents.query('products', { filter: { categoryId } }, 'nodes { name category { parent { id } } }')).nodes;
    expect(await within(top)).toEqual([{ name: 'Dome Tent', category: { parent: { id: top } } }]);
    for (const id of ['', '/', '%', `${top.slice(0, -1)}_`]) expect(await within(id)).toEqual([]);
  });
});

test('an agent reads the variants that are for sale, and null for all others', async () => {
  const { product } = await create({ name: 'Lamp', variants: [{ sku: 'LAMP', name: 'Brass', taxClass: 'REDUCED' }] });
  const ids = [product.variants[0].id, 'variant_none'];
  const told = () => agents.query('variantsForSale', { ids }, 'sku title merchantId taxClass', service);
  expect(await told()).toEqual([null, null]);
  await publish(product.id);
  expect(await told()).toEqual([
    { sku: 'LAMP', title: 'Lamp, Brass', merchantId: 'merchant_a', taxClass: 'REDUCED' },
    null,
  ]);
});

test('an import is not accepted while the agent that must check its prices or its stock is away', async () => {
  const IMPORT = `mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { code } } }`;
  const bring = (more: object) => {
    const idempotencyKey = newId('key');
    const products = [{ name: 'Away', variants: [{ sku: idempotencyKey.slice(-9), name: 'One', ...more }] }];
    return agents.ask('product', IMPORT, { input: { products, idempotencyKey } }, merchant);
  };
  for (const more of [
    { price: { amount: '1.00', currency: 'EUR' } },
    { stock: { locationId: 'location_1', quantity: 1 } },
  ]) {
    const { data, errors } = await bring(more);
    expect(data?.importProducts ?? null).toBeNull();
    expect(isTransient(errors?.[0]?.originalError)).toBe(true);
  }
  expect(await agents.kysely.selectFrom('product.import').select('id').execute()).toEqual([]);
  // An import without prices and stock asks no other agent.
  expect((await bring({})).data?.importProducts.saga).not.toBeNull();
});
