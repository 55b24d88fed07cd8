/** Concurrent imports: a lost SKU or slug is reported at its row, and a common name is no conflict. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { newId } from '../../platform/ids.ts';
import { operator } from '../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../tests/support/platform.ts';
import { done } from '../../tests/support/shop.ts';
import { untilAnswer } from '../../tests/support/until.ts';
import { takenMeanwhile } from '../../tests/support/taken-meanwhile.ts';

let shop: TestPlatform;
beforeAll(async () => {
  shop = await openPlatform();
});
afterAll(() => shop.close());

/** The part of an imported product that two imports may share. */
interface Row {
  name: string;
  slug?: string;
  variants: { sku: string; name: string }[];
}

let n = 0;
const product = (more: object = {}): Row => {
  const name = `Thing ${newId('n').slice(-8)}`;
  return { name, variants: [{ sku: `IMPORT-${n++}`, name: 'One' }], ...more };
};
const IMPORT = `mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { code path } } }`;
const SAGA = `query ($id: ID!) { saga(id: $id) { status importErrors { code message path } } }`;
/** Requests an import, and returns its saga's id. */
const bring = async (products: Row[]): Promise<string> => {
  const input = { products, merchantId: 'merchant_test', idempotencyKey: newId('key') };
  return (await done(shop.ask(IMPORT, { input }, operator))).importProducts.saga.id;
};
const ended = (id: string) =>
  untilAnswer(
    async () => (await done(shop.ask(SAGA, { id }, operator))).saga,
    ({ status }) => ['COMPLETED', 'COMPENSATED', 'FAILED'].includes(status),
    'the import does not end',
  );
const carried = async (products: Row[]) => ended(await bring(products));

describe('an import', () => {
  test.each([
    ['SKU', 'variants.0.sku', (row: Row, n: string) => (row.variants[0]!.sku = `SAME-${n}`)],
    ['slug', 'slug', (row: Row, n: string) => (row.slug = `same-${n.toLowerCase()}`)],
  ])('that shares a %s with a concurrent one reports the row', async (what, path, share) => {
    for (let round = 0; round < 3; round++) {
      const imports = [0, 1].map(() => [product(), product(), product()]);
      for (const rows of imports) share(rows[1]!, `${what}-${round}`);
      // The lock keeps both from being written before both are accepted.
      const both = await shop.kysely.transaction().execute(async (transaction) => {
        await sql`lock table product.product in share row exclusive mode`.execute(transaction);
        return Promise.all(imports.map(bring));
      });
      const sagas = await Promise.all(both.map(ended));
      expect(sagas.map(({ status }) => status).toSorted()).toEqual(['COMPENSATED', 'COMPLETED']);
      expect(sagas.flatMap(({ importErrors }) => importErrors)).toEqual([
        {
          code: `${what.toUpperCase()}_TAKEN`,
          message: expect.stringMatching(/same-/i),
          path: ['input', 'products', '1', ...path.split('.')],
        },
      ]);
    }
  });

  test('whose SKU is taken while it is written reports the row', async () => {
    const products = Array.from({ length: 3 }, () => product());
    await carried([product()]);
    const { product_id: productId } = await shop.kysely
      .selectFrom('product.variant')
      .select('product_id')
      .executeTakeFirstOrThrow();
    const { sku } = products[1]!.variants[0]!;
    const saga = await takenMeanwhile(
      shop.kysely,
      (transaction) =>
        sql`insert into product.variant (id, product_id, sku, name, position, created_at)
          values ('variant_faster', ${productId}, ${sku}, 'v', 99, now())`.execute(transaction),
      () => carried(products),
    );
    expect([saga.status, saga.importErrors]).toEqual([
      'COMPENSATED',
      [expect.objectContaining({ code: 'SKU_TAKEN', path: ['input', 'products', '1', 'variants', '0', 'sku'] })],
    ]);
    await shop.kysely.deleteFrom('product.variant').where('id', '=', 'variant_faster').execute();
  });
});

test('concurrent imports of one name get successive numbers, and none takes a slug that is given further down', async () => {
  const name = `Rush ${newId('n').slice(-8)}`;
  const slug = name.toLowerCase().replace(' ', '-');
  const rows = shop.kysely.selectFrom('product.product').select('slug').where('name', '=', name).orderBy('slug');
  const slugs = async () => (await rows.execute()).map((row) => row.slug);
  await carried([product({ name })]);
  const both = await Promise.all([carried([product({ name })]), carried([product({ name })])]);
  expect(both.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
  expect(await slugs()).toEqual([slug, `${slug}-2`, `${slug}-3`]);
  // The given slug is in a later chunk.
  const others = Array.from({ length: 25 }, () => product());
  const saga = await carried([product({ name }), ...others, product({ name, slug: `${slug}-4` })]);
  expect(saga.status).toBe('COMPLETED');
  expect(await slugs()).toEqual([slug, `${slug}-2`, `${slug}-3`, `${slug}-4`, `${slug}-5`]);
});
