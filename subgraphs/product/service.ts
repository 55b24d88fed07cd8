/** The use cases of the catalogue: lock, load, decide, save and publish, in one transaction each. */
import type { Ground } from '../../platform/agent/ground.ts';
import { countOf } from '../../platform/data/count.ts';
import type { Work } from '../../platform/data/store.ts';
import { isWithin } from '../../platform/data/rows.ts';
import { refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion, orTaken } from '../../platform/graphql/refusals.ts';
import { newId } from '../../platform/ids.ts';
import { writableProducts } from './access.ts';
import { changeStatus, checkText, checkVariant, chooseSlug } from './domain.ts';
import { Category, Product, type ProductStatus, type Tables, Variant } from './entities.ts';
import { productCreated, productStatusChanged, productUpdated } from './events.ts';
import type {
  CreateCategoryInput,
  CreateProductInput,
  NewVariantInput,
  UpdateProductInput,
} from './resolvers.generated.ts';

const MAX_VARIANTS = 100;

export const productService = ({ store, clock }: Ground<Tables>) => {
  const write = <T>(
    context: RequestContext,
    aggregateId: string,
    work: (work: Work<Tables>) => Promise<T>,
  ): Promise<T> => store.write({ locks: [aggregateId], origin: context }, work);

  const load = async (
    { em }: Work<Tables>,
    id: string,
    { actor }: RequestContext,
    path: readonly string[],
  ): Promise<Product> => {
    const product = await em.findOne(Product, { id });
    const row = product && { id: product.id, merchant_id: product.merchantId };
    if (!row || !isWithin(row, writableProducts(actor)))
      throw refuse('NOT_FOUND', 'There is no such product, or it is not yours.', path);
    return product;
  };

  const checkCategory = async ({ em }: Work<Tables>, id: string | null | undefined): Promise<void> => {
    if (id !== null && id !== undefined && !(await em.findOne(Category, { id })))
      throw refuse('NOT_FOUND', 'There is no such category.', ['input', 'categoryId']);
  };

  const publish = (work: Work<Tables>, definition: typeof productCreated, product: Product, version: number): void => {
    const payload = { productId: product.id, merchantId: product.merchantId, status: product.status };
    work.publish(definition, { aggregateId: product.id, aggregateVersion: version, payload });
  };

  const addVariant = (work: Work<Tables>, productId: string, variant: NewVariantInput, position: number): string => {
    const id = newId('variant');
    const attributes = variant.attributes.map(({ name, value }) => ({ name, value }));
    const { sku, name, taxClass } = variant;
    work.em.persist(
      work.em.create(Variant, { id, productId, sku, name, attributes, taxClass, position, createdAt: clock.now() }),
    );
    return id;
  };

  return {
    async createProduct(input: CreateProductInput, context: RequestContext): Promise<string> {
      checkText(input.name, 200, ['input', 'name']);
      const slug = chooseSlug(input.slug, input.name);
      const merchantId = context.actor.merchantId ?? input.merchantId;
      if (!merchantId) throw refuse('INVALID_INPUT', 'Say whose product it is: `merchantId`.', ['input', 'merchantId']);
      if (input.variants.length > MAX_VARIANTS)
        throw refuse('INVALID_INPUT', `A product has at most ${MAX_VARIANTS} variants.`, ['input', 'variants']);
      input.variants.forEach((variant, index) => checkVariant(variant, ['input', 'variants', String(index)]));
      const id = newId('product');
      return orTaken(
        () =>
          write(context, id, async (work) => {
            await checkCategory(work, input.categoryId);
            const now = clock.now();
            const { name, description, categoryId = null } = input;
            const product = work.em.create(Product, {
              id,
              merchantId,
              slug,
              name,
              description,
              status: 'DRAFT',
              categoryId,
              createdAt: now,
              updatedAt: now,
            });
            work.em.persist(product);
            await work.em.flush();
            input.variants.forEach((variant, index) => addVariant(work, id, variant, index));
            publish(work, productCreated, product, 1);
            return id;
          }),
        TAKEN,
      );
    },

    async updateProduct(input: UpdateProductInput, context: RequestContext): Promise<string> {
      if (input.name != null) checkText(input.name, 200, ['input', 'name']);
      return orTaken(
        () =>
          write(context, input.id, async (work) => {
            const product = await load(work, input.id, context, ['input', 'id']);
            checkVersion(product.version, input.expectedVersion);
            await checkCategory(work, input.categoryId);
            if (input.name != null) product.name = input.name;
            if (input.description != null) product.description = input.description;
            if (input.slug != null) product.slug = chooseSlug(input.slug, product.name);
            if (input.categoryId !== undefined) product.categoryId = input.categoryId;
            product.updatedAt = clock.now();
            await work.em.flush();
            publish(work, productUpdated, product, product.version);
            return product.id;
          }),
        TAKEN,
      );
    },

    async addProductVariant(productId: string, variant: NewVariantInput, context: RequestContext): Promise<string> {
      checkVariant(variant, ['input', 'variant']);
      return orTaken(
        () =>
          write(context, productId, async (work) => {
            const product = await load(work, productId, context, ['input', 'productId']);
            const count = await countVariants(work, productId);
            if (count >= MAX_VARIANTS)
              throw refuse('INVALID_INPUT', `A product has at most ${MAX_VARIANTS} variants.`, ['input', 'productId']);
            const id = addVariant(work, productId, variant, count);
            await work.em.flush();
            // By SQL, because the product's version must grow though nothing of its own row changes.
            const { version } = await work.sql
              .updateTable('product')
              .set((eb) => ({ version: eb('version', '+', 1), updated_at: clock.now() }))
              .where('id', '=', productId)
              .returning('version')
              .executeTakeFirstOrThrow();
            publish(work, productUpdated, product, version);
            return id;
          }),
        TAKEN,
      );
    },

    changeStatus: (
      input: { id: string; expectedVersion?: number | null },
      to: ProductStatus,
      context: RequestContext,
    ): Promise<string> =>
      write(context, input.id, async (work) => {
        const product = await load(work, input.id, context, ['input', 'id']);
        checkVersion(product.version, input.expectedVersion);
        const status = changeStatus(product, to, await countVariants(work, product.id));
        if (status === product.status) return product.id;
        product.status = status;
        product.updatedAt = clock.now();
        await work.em.flush();
        publish(work, productStatusChanged, product, product.version);
        return product.id;
      }),

    async createCategory(input: CreateCategoryInput, context: RequestContext): Promise<string> {
      checkText(input.name, 200, ['input', 'name']);
      const slug = chooseSlug(input.slug, input.name);
      const id = newId('category');
      return orTaken(
        () =>
          write(context, input.parentId ?? 'category:top', async ({ em, sql }) => {
            const isTop = input.parentId === null || input.parentId === undefined;
            const parent = isTop ? undefined : await em.findOne(Category, { id: input.parentId! });
            if (!isTop && !parent) throw refuse('NOT_FOUND', 'There is no such category.', ['input', 'parentId']);
            const parentId = parent?.id ?? null;
            const position = await countOf(
              sql.selectFrom('category').where('parent_id', 'is not distinct from', parentId),
            );
            em.persist(
              em.create(Category, {
                id,
                slug,
                name: input.name,
                parentId,
                path: `${parent?.path ?? '/'}${id}/`,
                position,
                createdAt: clock.now(),
              }),
            );
            return id;
          }),
        TAKEN,
      );
    },
  };
};

const countVariants = ({ sql }: Work<Tables>, productId: string): Promise<number> =>
  countOf(sql.selectFrom('variant').where('product_id', '=', productId));

/** What a unique index says no to, and how a user reads it. */
const TAKEN = {
  product_slug_key: refuse('SLUG_TAKEN', 'Another product has this slug: choose another.', ['input', 'slug']),
  category_slug_key: refuse('SLUG_TAKEN', 'Another category has this slug: choose another.', ['input', 'slug']),
  variant_sku_key: refuse('SKU_TAKEN', 'Another variant has this SKU: choose another.', ['input', 'sku']),
};

export type ProductService = ReturnType<typeof productService>;
