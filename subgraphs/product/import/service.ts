/**
 * Importing products: what can be known to be wrong is refused in the request. What is accepted is carried by the saga
 * `importProducts`, which asks for the steps below, in chunks: products as drafts, prices, stock, and then all go on sale.
 */
import type { Ground } from '../../../platform/agent/ground.ts';
import { doOnce, undoOnce } from '../../../platform/data/undoable.ts';
import { isWithin } from '../../../platform/data/rows.ts';
import { refuse } from '../../../platform/errors.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { orTaken } from '../../../platform/graphql/refusals.ts';
import { newId } from '../../../platform/ids.ts';
import { writableProducts } from '../access.ts';
import { Product, type Tables, Variant } from '../entities.ts';
import { importRefused, productCreated, productRemoved, productStatusChanged } from '../events.ts';
import type { ImportedProductsInput, ImportProductsInput } from '../resolvers.generated.ts';
import { checkImport } from './domain.ts';

const OPERATION = 'createImportedProducts';
const SKU_TAKEN = refuse('SKU_TAKEN', 'A variant that is not of this import has one of these SKUs.', [
  'input',
  'products',
]);
const SLUG_TAKEN = refuse('SLUG_TAKEN', 'A product that is not of this import has one of these slugs.', [
  'input',
  'products',
]);

export const importService = ({ store, clock }: Ground<Tables>) => {
  const taken = async (column: 'sku' | 'slug', values: readonly string[]): Promise<string[]> => {
    const rows =
      column === 'sku'
        ? await store.read
            .selectFrom('variant')
            .select('sku as value')
            .where('sku', 'in', [...values])
            .execute()
        : await store.read
            .selectFrom('product')
            .select('slug as value')
            .where('slug', 'in', [...values])
            .execute();
    return rows.map((row) => row.value);
  };

  const checkKnown = async (products: ReturnType<typeof checkImport>): Promise<void> => {
    const categories = [...new Set(products.flatMap(({ categoryId }) => categoryId ?? []))];
    const found = categories.length
      ? await store.read.selectFrom('category').select('id').where('id', 'in', categories).execute()
      : [];
    if (found.length < categories.length)
      throw refuse('NOT_FOUND', 'One of these categories does not exist.', ['input', 'products']);
    const skus = await taken(
      'sku',
      products.flatMap(({ variants }) => variants.map(({ sku }) => sku)),
    );
    if (skus.length)
      throw refuse('SKU_TAKEN', `These SKUs belong to other variants: ${skus.join(', ')}.`, ['input', 'products']);
    const slugs = await taken(
      'slug',
      products.map(({ slug }) => slug),
    );
    if (slugs.length)
      throw refuse('SLUG_TAKEN', `These slugs belong to other products: ${slugs.join(', ')}.`, ['input', 'products']);
  };

  return {
    /** The import's id, the same for the same idempotency key. @throws Refusal */
    async importProducts(
      { idempotencyKey: key, ...request }: ImportProductsInput,
      context: RequestContext,
    ): Promise<string> {
      const { actor } = context;
      const once = { actor: actor.id, operation: 'importProducts', key, request };
      const earlier = await store.recall<{ importId: string }>(once);
      if (earlier) return earlier.importId;
      const merchantId = actor.merchantId ?? request.merchantId;
      if (!merchantId || !isWithin({ merchant_id: merchantId }, writableProducts(actor)))
        throw refuse('INVALID_INPUT', 'Say whose products they are: `merchantId`.', ['input', 'merchantId']);
      const products = checkImport(request.products);
      await checkKnown(products);
      const importId = newId('import');
      const named = products.map(({ variants, ...product }) => ({
        ...product,
        id: newId('product'),
        variants: variants.map((variant) => ({ ...variant, id: newId('variant') })),
      }));
      const outcome = await store.once({ ...once, locks: [importId], origin: context }, async (work) => {
        const row = { id: importId, merchant_id: merchantId, products: named.length, created_at: clock.now() };
        await work.sql
          .insertInto('import')
          .values({ ...row, refusal: null })
          .execute();
        await work.startSaga('importProducts', importId, { importId, merchantId, products: named });
        return { importId };
      });
      return outcome.importId;
    },

    /** @throws Refusal SKU_TAKEN, SLUG_TAKEN if somebody was faster */
    create: ({ reference, merchantId, products }: ImportedProductsInput, origin: RequestContext): Promise<void> =>
      orTaken(
        () => {
          const locks = products.map(({ id }) => id);
          return doOnce(store, { operation: OPERATION, reference, locks, origin }, async (work) => {
            const now = clock.now();
            const times = { createdAt: now, updatedAt: now };
            const rows = products.map(({ variants: _, categoryId = null, ...product }) =>
              work.em.create(Product, { ...product, categoryId, merchantId, status: 'DRAFT', ...times }),
            );
            work.em.persist(rows);
            await work.em.flush();
            for (const { id: productId, variants } of products) {
              for (const [position, { attributes, ...variant }] of variants.entries()) {
                const values = attributes.map(({ name, value }) => ({ name, value }));
                work.em.persist(
                  work.em.create(Variant, { ...variant, attributes: values, productId, position, createdAt: now }),
                );
              }
              const payload = { productId, merchantId, status: 'DRAFT' as const };
              work.publish(productCreated, { aggregateId: productId, aggregateVersion: 1, payload });
            }
            await work.em.flush();
          });
        },
        { product_slug_key: SLUG_TAKEN, variant_sku_key: SKU_TAKEN },
      ),

    /** Takes drafts away for good; what somebody put on sale by hand meanwhile is archived. */
    remove: (reference: string, productIds: readonly string[], origin: RequestContext): Promise<void> =>
      undoOnce(store, { operation: OPERATION, reference, locks: productIds, origin }, async ({ em, sql, publish }) => {
        for (const product of await em.find(Product, { id: { $in: [...productIds] } })) {
          const { id: productId, merchantId, status, version } = product;
          const fact = { aggregateId: productId, aggregateVersion: version + 1 };
          if (status === 'DRAFT') {
            await sql.deleteFrom('variant').where('product_id', '=', productId).execute();
            em.remove(product);
            publish(productRemoved, { ...fact, payload: { productId, merchantId } });
          } else if (status === 'ACTIVE') {
            product.status = 'ARCHIVED';
            product.updatedAt = clock.now();
            publish(productStatusChanged, { ...fact, payload: { productId, merchantId, status: 'ARCHIVED' } });
          }
        }
      }),

    publish: (productIds: readonly string[], origin: RequestContext): Promise<void> =>
      store.write({ locks: productIds, origin }, async ({ em, publish }) => {
        const drafts = await em.find(Product, { id: { $in: [...productIds] }, status: 'DRAFT' });
        for (const product of drafts) {
          product.status = 'ACTIVE';
          product.updatedAt = clock.now();
        }
        await em.flush();
        for (const { id, merchantId, version } of drafts) {
          const payload = { productId: id, merchantId, status: 'ACTIVE' as const };
          publish(productStatusChanged, { aggregateId: id, aggregateVersion: version, payload });
        }
      }),

    /** The last word: why it was undone. */
    refuse: (importId: string, code: string, origin: RequestContext): Promise<void> =>
      store.write({ locks: [importId], origin }, async ({ sql, publish }) => {
        const row = await sql
          .updateTable('import')
          .set({ refusal: code })
          .where('id', '=', importId)
          .where('refusal', 'is', null)
          .returning('merchant_id')
          .executeTakeFirst();
        if (!row) return;
        const payload = { importId, merchantId: row.merchant_id, code };
        publish(importRefused, { aggregateId: importId, aggregateVersion: 1, payload });
      }),

    /** Which of these imports the caller may see. */
    readable: async (ids: readonly string[], { actor }: RequestContext): Promise<string[]> => {
      if (ids.length === 0) return [];
      const rows = await store.read
        .selectFrom('import')
        .select(['id', 'merchant_id'])
        .where('id', 'in', [...ids])
        .execute();
      const rights = writableProducts(actor);
      return rows.filter((row) => isWithin(row, rights)).map((row) => row.id);
    },
  };
};

export type ImportService = ReturnType<typeof importService>;
