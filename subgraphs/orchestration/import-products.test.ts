/** Imports of products through the gateway: all are for sale with price and stock, or nothing is left of them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { forgetOldKeys } from '../../platform/data/idempotency.ts';
import { moveHorizon } from '../../platform/sagas/forget.ts';
import type { Actor } from '../../platform/identity/actor.ts';
import { newId } from '../../platform/ids.ts';
import { enqueueSaga } from '../../platform/sagas/enqueue.ts';
import { actor, admin, operator, service, viewer } from '../../tests/support/agents.ts';
import { openPlatform, type TestPlatform } from '../../tests/support/platform.ts';
import { done, forSale, newCustomer, placed, settled } from '../../tests/support/shop.ts';
import { untilAnswer } from '../../tests/support/until.ts';

let shop: TestPlatform;
let locationId: string;
beforeAll(async () => {
  shop = await openPlatform();
  await forSale(shop);
  ({ id: locationId } = await shop.kysely.selectFrom('inventory.location').select('id').executeTakeFirstOrThrow());
});
afterAll(() => shop.close());

let n = 0;
const product = (more: object = {}, variant: object = {}) => {
  const name = `Thing ${n++}`;
  const price = { amount: '12.50', currency: 'EUR' };
  const stock = { locationId, quantity: 7 };
  return { name, variants: [{ sku: `IMPORT-${n}`, name: 'One', price, stock, ...variant }], ...more };
};
const IMPORT = `mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { code path } } }`;
const bring = (products: object[], more: object = {}, as: Actor = operator) =>
  shop.ask(IMPORT, { input: { products, merchantId: 'merchant_test', idempotencyKey: newId('key'), ...more } }, as);
const SAGA = `query ($id: ID!) { saga(id: $id) { status refusal importErrors { code message path } steps { name status } } }`;
const merchant = actor({ roles: ['MERCHANT'], merchantId: 'merchant_mine' });
const ended = (id: string, as: Actor = viewer) =>
  untilAnswer(
    async () => (await done(shop.ask(SAGA, { id }, as))).saga,
    ({ status }) => ['COMPLETED', 'COMPENSATED', 'FAILED'].includes(status),
    'the import does not end',
  );
const carried = async (products: object[], as?: Actor) => {
  const { importProducts } = await done(bring(products, {}, as));
  return { id: importProducts.saga.id as string, saga: await ended(importProducts.saga.id) };
};
const VARIANT = `query ($sku: String) { productVariant(sku: $sku) { id product { id name status merchantId } price { amount currency } availability { available } } }`;
const variantOf = async (sku: string, as?: Actor) => (await done(shop.ask(VARIANT, { sku }, as))).productVariant;
/** Counts of all that an import writes. */
const left = async () => {
  const { rows } = await sql`select (select count(*)::int from product.product) as products,
    (select count(*)::int from product.variant) as variants, (select count(*)::int from pricing.price) as prices,
    (select sum(on_hand)::int from inventory.stock_level) as units, (select sum(delta)::int from inventory.movement) as ledger`.execute(
    shop.kysely,
  );
  return rows[0] as Record<'products' | 'variants' | 'prices' | 'units' | 'ledger', number>;
};

/** The input of a saga whose import was accepted before the world changed. */
interface Saga {
  [key: string]: unknown;
  importId: string;
  products: { slug: string; variants: { price?: { currency: string }; stock?: { locationId: string } }[] }[];
}
/** Accepts an import as `importProducts` does after its checks. */
const accept = ({ importId, ...input }: Saga) =>
  shop.kysely.transaction().execute(async (transaction) => {
    const row = { id: importId, merchant_id: 'merchant_mine', products: input.products.length, created_at: new Date() };
    await transaction.insertInto('product.import').values(row).execute();
    await enqueueSaga(transaction, 'importProducts', importId, { importId, ...input });
  });

describe('an import', () => {
  test('that is stuck for longer than idempotency keys are stored repeats no effect, and is undone whole', async () => {
    const sku = (k: number) => `STUCK-${k}`;
    const variants = Array.from({ length: 26 }, (_, k) => ({
      sku: sku(k),
      name: String(k),
      attributes: [{ name: 'Number', value: String(k) }],
      stock: { locationId, quantity: 10 },
    }));
    const before = await left();
    // Writing the second chunk of its stock fails.
    await sql`create function inventory.refuse_last() returns trigger language plpgsql as $$ begin
      if new.variant_id = (select id from product.variant where sku = 'STUCK-25') then raise exception 'no'; end if;
      return new; end $$`.execute(shop.kysely);
    await sql`create trigger refuse_last before insert on inventory.stock_level for each row execute function inventory.refuse_last()`.execute(
      shop.kysely,
    );
    const { importProducts } = await done(bring([{ name: 'Stuck', slug: 'stuck', variants }]));
    const id = importProducts.saga.id as string;
    const attempts = async (): Promise<number> => {
      const { saga } = await done(
        shop.ask(`query ($id: ID!) { saga(id: $id) { steps { attempts } } }`, { id }, viewer),
      );
      return saga.steps.at(-1)?.attempts ?? 0;
    };
    await untilAnswer(attempts, (tried) => tried >= 2, 'the stock does not fail');
    const received = {
      ...before,
      products: before.products + 1,
      variants: before.variants + 26,
      units: before.units + 250,
      ledger: before.ledger + 250,
    };
    expect(await left()).toEqual(received);
    // Thirty-one days later, and the hourly scheduled jobs have run.
    await sql`update inventory.idempotency set created_at = created_at - interval '31 days'`.execute(shop.kysely);
    await sql`update dbos.workflow_status set created_at = created_at - 31 * 86400000::bigint where workflow_uuid = ${id}`.execute(
      shop.kysely,
    );
    await moveHorizon(shop.kysely);
    await forgetOldKeys(shop.kysely, { schema: 'inventory', now: new Date(), signal: new AbortController().signal });
    const tried = await attempts();
    await untilAnswer(attempts, (now) => now >= tried + 2, 'it is not tried again');
    expect(await left()).toEqual(received);
    await done(
      shop.ask(
        `mutation ($input: CompensateSagaInput!) { compensateSaga(input: $input) { userErrors { code } } }`,
        { input: { sagaId: id, reason: 'stuck', idempotencyKey: newId('key') } },
        operator,
      ),
    );
    expect(await ended(id)).toMatchObject({ status: 'COMPENSATED', refusal: 'OPERATOR' });
    expect(await left()).toEqual(before);
    await sql`drop trigger refuse_last on inventory.stock_level`.execute(shop.kysely);
  });

  test.each(['a\0b', 'half \ud800'])(
    'with a text that PostgreSQL cannot store, %j, is refused in the request',
    async (text) => {
      const before = await left();
      const sagas = await shop.kysely.selectFrom('dbos.workflow_status').select('workflow_uuid').execute();
      const name = 'Ünstorable';
      const one = { sku: 'UNSTORABLE', name: 'One' };
      const bad = [
        { name: text, slug: 'u', variants: [one] },
        { name, slug: 'u', description: text, variants: [one] },
        { name, slug: 'u', variants: [{ ...one, name: text }] },
        { name, slug: 'u', variants: [{ ...one, attributes: [{ name: 'a', value: text }] }] },
        { name, slug: 'u', variants: [{ ...one, attributes: [{ name: text, value: 'a' }] }] },
        { name, slug: 'u', variants: [{ ...one, stock: { locationId: text, quantity: 1 } }] },
      ];
      for (const product of bad) {
        const answer = await bring([product]);
        const codes = [
          ...(answer.errors ?? []).map((error) => error.extensions?.code),
          ...(answer.data?.importProducts?.userErrors ?? []).map(({ code }: { code: string }) => code),
        ];
        expect([
          product,
          codes.length,
          ['INVALID_INPUT', 'BAD_USER_INPUT', 'NOT_FOUND'].includes(String(codes[0])),
        ]).toEqual([product, 1, true]);
      }
      expect(await left()).toEqual(before);
      expect(await shop.kysely.selectFrom('dbos.workflow_status').select('workflow_uuid').execute()).toEqual(sagas);
    },
  );

  test('of a hundred products puts all of them up for sale, with price and stock, and they can be bought', async () => {
    const products = Array.from({ length: 100 }, () => product());
    const { saga } = await carried(products);
    expect(saga).toEqual({
      status: 'COMPLETED',
      refusal: null,
      importErrors: [],
      steps: ['create', 'price', 'stock', 'publish'].map((name) => ({ name, status: 'DONE' })),
    });
    for (const { name, variants } of [products[0]!, products[30]!, products[99]!]) {
      expect(await variantOf(variants[0]!.sku)).toMatchObject({
        product: { name, status: 'ACTIVE', merchantId: 'merchant_test' },
        price: { amount: '12.50', currency: 'EUR' },
        availability: { available: 7 },
      });
    }
    const { id: variantId } = await variantOf(products[99]!.variants[0]!.sku);
    const { order } = await placed(shop, { lines: [{ variantId, quantity: 2 }] }, newCustomer());
    await settled(shop, order.id, 'PROCESSING');
    expect(await variantOf(products[99]!.variants[0]!.sku)).toMatchObject({ availability: { available: 5 } });
  });

  test.each([
    [
      'whose place is gone meanwhile',
      (input: Saga) => (input.products[60]!.variants[0]!.stock!.locationId = 'location_gone'),
      { code: 'NOT_FOUND', path: 'input.products.60.variants.0.stock.locationId' },
      'stock',
    ],
    [
      'whose currency no channel takes any more',
      (input: Saga) => (input.products[60]!.variants[0]!.price!.currency = 'CHF'),
      { code: 'CURRENCY_NOT_AVAILABLE', path: 'input.products.60.variants.0.price' },
      'price',
    ],
    [
      'whose slug was taken meanwhile',
      (input: Saga) => (input.products[60]!.slug = input.products[1]!.slug),
      { code: 'SLUG_TAKEN', path: 'input.products.60.slug' },
      'create',
    ],
  ])('%s leaves nothing, names the row and the reason, and its SKUs are free again', async (_, change, error, step) => {
    const before = await left();
    // The last chunk is refused, after those before it were done.
    const products = Array.from({ length: 61 }, () => product());
    const importId = newId('import');
    const input: Saga = {
      importId,
      merchantId: 'merchant_mine',
      products: products.map(({ variants, name }) => ({
        id: newId('product'),
        slug: newId('slug').replace('_', '-'),
        name,
        description: '',
        variants: variants.map((variant) => ({
          ...variant,
          id: newId('variant'),
          attributes: [],
          taxClass: 'STANDARD',
        })),
      })),
    };
    change(input);
    await accept(input);
    const saga = await ended(`importProducts:${importId}`, merchant);
    expect(saga).toMatchObject({
      status: 'COMPENSATED',
      refusal: error.code,
      importErrors: [{ code: error.code, message: expect.stringMatching(/^.{10,}[.]$/), path: error.path.split('.') }],
    });
    expect(saga.steps.find(({ status }: { status: string }) => status === 'REFUSED').name).toBe(step);
    const forStaff = await done(
      shop.ask(
        `query ($id: ID!) { saga(id: $id) { steps { name lastError } } }`,
        { id: `importProducts:${importId}` },
        viewer,
      ),
    );
    expect(forStaff.saga.steps).toContainEqual({ name: step, lastError: saga.importErrors[0].message });
    expect(await left()).toEqual(before);
    const told = await shop.kysely
      .selectFrom('platform.event_log')
      .select('payload')
      .where('type', '=', 'product.import_refused')
      .where('aggregate_id', '=', importId)
      .execute();
    expect(told).toMatchObject([{ payload: { code: error.code, merchantId: 'merchant_mine' } }]);
    expect((await carried(products.slice(0, 2))).saga.status).toBe('COMPLETED');
  });

  test('whose SKU another import takes meanwhile is undone, and the other one stays', async () => {
    const [a, b] = [product(), product()];
    const before = (await left()) as { products: number };
    const both = await Promise.all([bring([a, b]), bring([{ ...b, slug: `other-${n}` }])]);
    const sagas = await Promise.all(
      both.flatMap(({ data }) => data.importProducts.saga?.id ?? []).map((id: string) => ended(id)),
    );
    expect(sagas.filter(({ status }) => status === 'COMPLETED')).toHaveLength(1);
    const variant = await variantOf(b.variants[0]!.sku);
    expect(variant).toMatchObject({ product: { status: 'ACTIVE' }, availability: { available: 7 } });
    expect([1, 2]).toContain(((await left()) as { products: number }).products - before.products);
  });

  test('requested again with the same idempotency key is the same; another request with that key is refused', async () => {
    const products = [product()];
    const again = await Promise.all([1, 2, 3].map(() => done(bring(products, { idempotencyKey: 'import once' }))));
    const ids = new Set(again.map(({ importProducts }) => importProducts.saga.id));
    expect(ids.size).toBe(1);
    await ended([...ids][0]);
    expect((await done(bring(products, { idempotencyKey: 'import once' }))).importProducts.saga.id).toBe([...ids][0]);
    const { data } = await bring([product()], { idempotencyKey: 'import once' });
    expect(data.importProducts.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  test('with mistakes is refused in the request with all of them, and writes nothing', async () => {
    const before = await left();
    const good = product();
    await carried([good]);
    const codes = async (products: object[]) =>
      (await bring(products)).data.importProducts.userErrors.map(({ code, path }: { code: string; path: string[] }) =>
        `${code} ${path.slice(2).join('.')}`.trim(),
      );
    expect(await codes([])).toEqual(['INVALID_INPUT']);
    expect(await codes(Array.from({ length: 101 }, () => product()))).toEqual(['INVALID_INPUT']);
    const rows = [product({ slug: 'No' }), product({ variants: [] }), product({}, { sku: 'no good' })];
    const rowErrors = ['INVALID_INPUT 0.slug', 'INVALID_INPUT 1.variants', 'INVALID_INPUT 2.variants.0.sku'];
    expect(await codes(rows)).toEqual(rowErrors);
    const twice = product({ slug: 'twice' });
    expect(await codes([twice, { ...twice }])).toEqual(['SLUG_TAKEN 1.slug', 'SKU_TAKEN 1.variants.0.sku']);
    expect(await codes([product({}, { stock: { locationId, quantity: 0 } })])).toEqual([
      'INVALID_INPUT 0.variants.0.stock.quantity',
    ]);
    const { id: slugOf } = (await variantOf(good.variants[0]!.sku)).product;
    const { slug } = await shop.kysely
      .selectFrom('product.product')
      .select('slug')
      .where('id', '=', slugOf)
      .executeTakeFirstOrThrow();
    expect(
      await codes([
        product(),
        { ...good, slug },
        product({ categoryId: 'category_none' }),
        product({}, { price: { amount: '19.999', currency: 'EUR' } }),
        product({}, { stock: { locationId: 'location_none', quantity: 1 } }),
      ]),
    ).toEqual([
      'NOT_FOUND 2.categoryId',
      'SKU_TAKEN 1.variants.0.sku',
      'SLUG_TAKEN 1.slug',
      'INVALID_INPUT 3.variants.0.price',
      'NOT_FOUND 4.variants.0.stock.locationId',
    ]);
    const { products: now } = (await left()) as { products: number };
    expect(now).toBe((before as { products: number }).products + 1);
  });
});

test('a slug that was made of a name and is taken meanwhile gets another number', async () => {
  const [first, second] = [product(), product()];
  await carried([first]);
  const { id: productId } = (await variantOf(first.variants[0]!.sku)).product;
  const slugs = shop.kysely.selectFrom('product.product').select('slug');
  const { slug } = await slugs.where('id', '=', productId).executeTakeFirstOrThrow();
  const importId = newId('import');
  const id = newId('product');
  const variants = second.variants.map((one) => ({
    ...one,
    id: newId('variant'),
    attributes: [],
    taxClass: 'STANDARD',
  }));
  const row = { id, slug, isSlugGiven: false, name: second.name, description: '', variants };
  await accept({ importId, merchantId: 'merchant_mine', products: [row] });
  expect((await ended(`importProducts:${importId}`)).status).toBe('COMPLETED');
  expect(await slugs.where('id', '=', id).execute()).toEqual([{ slug: `${slug}-2` }]);
});

test('products of one name get numbered slugs, beside given ones', async () => {
  const name = `Same ${newId('n').slice(-8)}`;
  const slug = name.toLowerCase().replace(' ', '-');
  await carried([product({ name })]);
  const { id } = await carried([product({ name }), product({ name, slug: `${slug}-2` }), product({ name })]);
  const rows = shop.kysely.selectFrom('product.product').select('slug').where('name', '=', name).orderBy('id');
  expect((await rows.execute()).map((row) => row.slug)).toEqual([slug, `${slug}-3`, `${slug}-2`, `${slug}-4`]);
  expect(
    (await done(shop.ask(`query ($id: ID!) { saga(id: $id) { importErrors { code } } }`, { id }, operator))).saga,
  ).toEqual({ importErrors: [] });
});

test('products get slugs of names in every script', async () => {
  const names = ['Maß', 'MA', 'Đorđe', 'Αθήνα', 'Щука', 'مرحبا', '茶', '🎁'];
  await carried(names.map((name) => product({ name })));
  const rows = shop.kysely.selectFrom('product.product').select('slug').where('name', 'in', names).orderBy('id');
  expect((await rows.execute()).map(({ slug }) => slug).join(' ')).toBe('mass ma dorde athina shchuka mrhb cha gift');
});

describe('the right to import', () => {
  test('is given to a merchant for itself, who sees the saga; another merchant does not', async () => {
    const mine = product();
    const { importProducts } = await done(bring([mine], { merchantId: null }, merchant));
    const { id } = importProducts.saga;
    await ended(id, merchant);
    expect((await variantOf(mine.variants[0]!.sku)).product.merchantId).toBe('merchant_mine');
    expect((await done(shop.ask(SAGA, { id }, merchant))).saga.status).toBe('COMPLETED');
    for (const who of [actor({ roles: ['MERCHANT'], merchantId: 'merchant_other' }), newCustomer()])
      expect((await done(shop.ask(SAGA, { id }, who))).saga).toBeNull();
  });

  test.each([
    ['a customer', newCustomer(), 'FORBIDDEN'],
    ['a viewer', viewer, 'FORBIDDEN'],
    ['nobody', undefined, 'UNAUTHENTICATED'],
  ])('is not that of %s', async (_, who, code) => {
    const { data, errors } = await shop.ask(
      IMPORT,
      { input: { products: [product()], merchantId: 'merchant_test', idempotencyKey: newId('key') } },
      who,
    );
    expect([data?.importProducts ?? null, errors?.[0]?.extensions?.code]).toEqual([null, code]);
  });

  test('needs a merchant: the caller’s own, or for staff one named in the input', async () => {
    for (const [who, more] of [
      [actor({ roles: ['MERCHANT'] }), {}],
      [admin, { merchantId: null }],
    ] as const)
      expect((await bring([product()], more, who)).data.importProducts.userErrors).toMatchObject([
        { code: 'INVALID_INPUT' },
      ]);
  });
});

test('the steps of an import are not part of the API', async () => {
  const { errors } = await shop.ask(
    'mutation { publishImportedProducts(input: { productIds: [] }) { userErrors { code } } }',
    {},
    service,
  );
  expect(errors?.[0]?.message).toMatch(/Cannot query field/);
});
