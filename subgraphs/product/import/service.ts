/**
 * The use cases of an import. Mistakes that can be known beforehand are refused in the request. An accepted import is
 * carried out by the saga `importProducts`, which asks for the steps below in chunks: products as drafts, prices,
 * stock, and then all go on sale.
 */
import type { AgentContext } from '../../../platform/agent/agent-context.ts';
import { doOnce, undoOnce } from '../../../platform/store/undoable.ts';
import { anyOf } from '../../../platform/data/any-of.ts';
import { idempotencyOf } from '../../../platform/data/idempotency.ts';
import { json } from '../../../platform/data/json.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { matches, matching } from '../../../platform/data/row-filter.ts';
import { Refusal, refuse } from '../../../platform/errors.ts';
import type { Work } from '../../../platform/store/store.ts';
import type { RequestContext } from '../../../platform/graphql/context.ts';
import { onceMoreIfTaken, orTaken } from '../../../platform/graphql/refusals.ts';
import { newId } from '../../../platform/ids.ts';
import { ownerOfNew, writableProducts } from '../access.ts';
import { ProductSchema, type Tables, VariantSchema } from '../entities.ts';
import { importRefused, productCreated, productRemoved, productStatusChanged } from '../events.ts';
import type { ImportedProductsInput, ImportProductsInput, RejectImportInput } from '../resolvers.generated.ts';
import { numbered } from '../slug.ts';
import { slugLock } from '../free-slug.ts';
import { skusTaken, slugsTaken, takenSkuErrors, takenSlugErrors } from '../taken.ts';
import { checkImport, rowPath, variantPath, withSlugs } from './domain.ts';
import { beginImport, rowsOf } from './begin-import.ts';
import { checkReferences } from './check-references.ts';

const OPERATION = 'createImportedProducts';
/** The most errors that are stored of a refused import. */
const MAX_ERRORS = 100;
/** Refusals for a slug or SKU that is taken while a chunk is written, at the second try too: they name no row. */
const TAKEN = {
  product_slug_key: refuse('SLUG_TAKEN', 'A product that is not of this import has one of these slugs.'),
  variant_sku_key: refuse('SKU_TAKEN', 'A variant that is not of this import has one of these SKUs.'),
};

export const importService = ({ store, clock, ask }: AgentContext<Tables>) => {
  return {
    /** The import's id, the same for the same idempotency key. @throws Refusal */
    async importProducts(input: ImportProductsInput, context: RequestContext): Promise<string> {
      const key = idempotencyOf('importProducts', input, context);
      const earlier = await store.earlierOutcome<{ importId: string }>(key);
      if (earlier) return earlier.importId;
      const merchantId = ownerOfNew(context.actor, input.merchantId);
      const products = checkImport(input.products);
      await checkReferences({ store, ask }, products, context);
      const importId = newId('import');
      const rows = rowsOf(products);
      const outcome = await store.idempotent({ ...key, locks: [importId] }, async (work) => {
        await beginImport(work, { importId, merchantId, rows, createdAt: clock.now() });
        return { importId };
      });
      return outcome.importId;
    },

    /** @throws Refusal SKU_TAKEN, SLUG_TAKEN if another product was faster */
    create: (
      { reference, merchantId, products, reservedSlugs }: ImportedProductsInput,
      origin: RequestContext,
    ): Promise<void> => {
      const locks = products.flatMap(({ id, slug }) => [id, slugLock(slug)]);
      const write = () =>
        doOnce(store, { operation: OPERATION, reference, locks, origin }, async (work) => {
          const slugs = products.flatMap(({ slug, isSlugGiven }) => (isSlugGiven ? slug : numbered(slug)));
          const taken = await slugsTaken(work.sql, slugs);
          await checkFree(work, products, taken);
          const now = clock.now();
          const times = { createdAt: now, updatedAt: now };
          const named = withSlugs(products, [...taken, ...reservedSlugs]);
          const rows = named.map(({ id, slug, name, description, categoryId = null }) => {
            return { id, merchantId, slug, name, description, categoryId, status: 'DRAFT' as const, ...times };
          });
          await work.insert(ProductSchema, ...rows);
          const variants = products.flatMap(({ id: productId, variants: some }) =>
            some.map(({ id, sku, name, attributes, taxClass }, position) => {
              const values = attributes.map((attribute) => ({ name: attribute.name, value: attribute.value }));
              return { id, productId, sku, name, attributes: values, taxClass, position, createdAt: now };
            }),
          );
          await work.insert(VariantSchema, ...variants);
          for (const { id: productId } of products) {
            const payload = { productId, merchantId, status: 'DRAFT' as const };
            work.publish(productCreated, { aggregateId: productId, aggregateVersion: 1, payload });
          }
        });
      return orTaken(() => onceMoreIfTaken(write), TAKEN);
    },

    /** Deletes the drafts; a product that was put on sale by hand meanwhile is archived. */
    remove: (reference: string, productIds: readonly string[], origin: RequestContext): Promise<void> =>
      undoOnce(store, { operation: OPERATION, reference, locks: productIds, origin }, async (work) => {
        const query = work.sql.selectFrom('product').select(columnsOf(ProductSchema));
        for (const product of await query.where('id', '=', anyOf(productIds)).execute()) {
          const { id: productId, merchantId, status, version } = product;
          const fact = { aggregateId: productId, aggregateVersion: version + 1 };
          if (status === 'DRAFT') {
            await work.sql.deleteFrom('variant').where('productId', '=', productId).execute();
            await work.sql.deleteFrom('product').where('id', '=', productId).execute();
            work.publish(productRemoved, { ...fact, payload: { productId, merchantId } });
          } else if (status === 'ACTIVE') {
            await work.save(ProductSchema, product, { status: 'ARCHIVED', updatedAt: clock.now() });
            work.publish(productStatusChanged, { ...fact, payload: { productId, merchantId, status: 'ARCHIVED' } });
          }
        }
      }),

    publish: (productIds: readonly string[], origin: RequestContext): Promise<void> =>
      store.write({ locks: productIds, origin }, async ({ sql, publish }) => {
        const published = await sql
          .updateTable('product')
          .set((eb) => ({ status: 'ACTIVE', updatedAt: clock.now(), version: eb('version', '+', 1) }))
          .where('id', '=', anyOf(productIds))
          .where('status', '=', 'DRAFT')
          .returning(['id', 'merchantId', 'version'])
          .execute();
        for (const { id, merchantId, version } of published) {
          const payload = { productId: id, merchantId, status: 'ACTIVE' as const };
          publish(productStatusChanged, { aggregateId: id, aggregateVersion: version, payload });
        }
      }),

    /** Records why the import was undone. */
    refuse: ({ importId, code, errors }: RejectImportInput, origin: RequestContext): Promise<void> =>
      store.write({ locks: [importId], origin }, async ({ sql, publish }) => {
        const row = await sql
          .updateTable('import')
          .set({ refusal: code, errors: json(errors.slice(0, MAX_ERRORS)) })
          .where('id', '=', importId)
          .where('refusal', 'is', null)
          .returning('merchantId')
          .executeTakeFirst();
        if (!row) return;
        const payload = { importId, merchantId: row.merchantId, code };
        publish(importRefused, { aggregateId: importId, aggregateVersion: 1, payload });
      }),

    /** The errors of these imports, of those that the caller may see. */
    errorsOf: async (ids: readonly string[], { actor }: RequestContext) =>
      store.read
        .selectFrom('import')
        .select(['id', 'errors'])
        .where('id', '=', anyOf(ids))
        .where(matching(actor.may('product:read') ? 'ALL' : writableProducts(actor)))
        .execute(),

    /** Which of these imports the caller may see. */
    readable: async (ids: readonly string[], { actor }: RequestContext): Promise<string[]> => {
      if (ids.length === 0) return [];
      const rows = await store.read
        .selectFrom('import')
        .select(['id', 'merchantId'])
        .where('id', 'in', [...ids])
        .execute();
      const rights = writableProducts(actor);
      return rows.filter((row) => matches(row, rights)).map((row) => row.id);
    },
  };
};

/** Refuses what was taken since the import was accepted. @throws Refusal SLUG_TAKEN, SKU_TAKEN, each at its path */
async function checkFree(
  { sql }: Work<Tables>,
  products: ImportedProductsInput['products'],
  slugs: ReadonlySet<string>,
): Promise<void> {
  const skus = await skusTaken(
    sql,
    products.flatMap(({ variants }) => variants.map(({ sku }) => sku)),
  );
  const givenSlugs = products.flatMap(({ slug, isSlugGiven }, n) =>
    isSlugGiven ? [{ value: slug, path: [...rowPath(n), 'slug'] }] : [],
  );
  const givenSkus = products.flatMap(({ variants }, n) =>
    variants.map(({ sku }, m) => ({ value: sku, path: [...variantPath(n, m), 'sku'] })),
  );
  const errors = [...takenSlugErrors(givenSlugs, slugs), ...takenSkuErrors(givenSkus, skus)];
  if (errors.length) throw new Refusal(errors);
}
