import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { actor, openAgents, type TestAgents } from '../../tests/support/agents.ts';

let agents: TestAgents;
beforeAll(async () => {
  agents = await openAgents(['product']);
});
afterAll(() => agents.close());

const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_a' });

describe('the tree of categories', () => {
  const category = (input: Record<string, unknown>) =>
    agents.mutate('createCategory', input, 'category { id slug name } userErrors { code path }', merchant);

  test('takes at most 100 children of one category, also when two are added at once', async () => {
    const { category: full } = await category({ name: 'Full' });
    const at = new Date();
    const rows = Array.from({ length: 99 }, (_, n) => ({
      id: `category_filler_${n}`,
      slug: `filler-${n}`,
      name: 'Filler',
      parentId: full.id,
      path: `/${full.id}/category_filler_${n}/`,
      position: n,
      createdAt: at,
    }));
    await agents.kysely.insertInto('product.category').values(rows).execute();
    const both = await Promise.all([
      category({ name: 'Last', parentId: full.id }),
      category({ name: 'Last', parentId: full.id }),
    ]);
    const refused = { category: null, userErrors: [{ code: 'INVALID_STATE', path: ['input', 'parentId'] }] };
    expect(both.filter(({ userErrors }) => userErrors.length)).toEqual([refused]);
    const categories = await agents.query('categories', { parentId: full.id }, 'id', merchant);
    const { count } = await agents.kysely
      .selectFrom('product.category')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('parentId', '=', full.id)
      .executeTakeFirstOrThrow();
    expect([categories.length, Number(count)]).toEqual([100, 100]);
  });

  test('is 20 deep and no deeper', async () => {
    let parentId: string | undefined;
    for (let depth = 1; depth <= 20; depth++)
      ({ id: parentId } = (await category({ name: `Level ${depth}`, parentId })).category);
    expect(await category({ name: 'Level 21', parentId })).toEqual({
      category: null,
      userErrors: [{ code: 'INVALID_STATE', path: ['input', 'parentId'] }],
    });
  });

  test('checks names and makes slugs as for products', async () => {
    const { category: first } = await category({ name: ' Größe ' });
    expect([first.name, first.slug]).toEqual(['Größe', 'grosse']);
    expect((await category({ name: 'Grösse' })).category.slug).toBe('grosse-2');
    for (const [name, slug] of [
      ['Maß', 'mass'],
      ['MA', 'ma'],
      ['Đorđe', 'dorde'],
      ['Αθήνα', 'athina'],
      ['茶', 'cha'],
      ['🎁', 'gift'],
    ])
      expect((await category({ name })).category.slug).toBe(slug);
    expect((await category({ name: 'X', slug: 'grosse' })).userErrors).toEqual([
      { code: 'SLUG_TAKEN', path: ['input', 'slug'] },
    ]);
    for (const name of ['', '\u200b', 'a\u0000', 'a\ud800', '→'])
      expect((await category({ name })).userErrors).toEqual([{ code: 'INVALID_INPUT', path: ['input', 'name'] }]);
  });

  test('finds a free slug for every name, also when different names compete for one number at once', async () => {
    for (let round = 0; round < 8; round++) {
      const name = `Aisle ${'ABCDEFGH'[round]}`;
      const places = [await category({ name }), await category({ name: `Other ${name}` })];
      const names = [name, `${name} 2`, name, `${name} 2`];
      const all = await Promise.all(
        names.map((one, n) => category({ name: one, parentId: places[n % 2]!.category.id })),
      );
      expect(all.flatMap(({ userErrors }) => userErrors)).toEqual([]);
    }
  });

  test('finds nothing by an empty id', async () => {
    expect((await category({ name: 'X', parentId: '' })).userErrors).toEqual([
      { code: 'NOT_FOUND', path: ['input', 'parentId'] },
    ]);
    const query = '{ categories(parentId: "") { id } product(id: "") { id } productVariant(id: "") { id } }';
    expect(await agents.data('product', query, {}, merchant)).toEqual({
      categories: [],
      product: null,
      productVariant: null,
    });
  });
});
