/** The use cases of the catalogue: lock, load, decide, save and publish, in one transaction each. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { countOf } from '../../platform/data/count.ts';
import type { Work } from '../../platform/store/store.ts';
import { matches } from '../../platform/data/row-filter.ts';
import { Refusal, refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkAll, checkVersion, onceMoreIfTaken, orTaken } from '../../platform/graphql/refusals.ts';
import { newId } from '../../platform/ids.ts';
import { checkName } from '../../platform/text/text.ts';
import { ownerOfNew, writableProducts } from './access.ts';
import {
  type Attribute,
  changeStatus,
  checkDescription,
  checkDistinct,
  checkRoomBelow,
  checkVariant,
  checkVariants,
  MAX_VARIANTS,
  type NewVariant,
} from './domain.ts';
import { Category, Product, type ProductStatus, type Tables, Variant } from './entities.ts';
import { productCreated, productStatusChanged, productUpdated } from './events.ts';
import { freeSlug, slugLock } from './free-slug.ts';
import type {
  CreateCategoryInput,
  CreateProductInput,
  NewVariantInput,
  UpdateProductInput,
} from './resolvers.generated.ts';
import { checkNameAndSlug, chooseSlug } from './slug.ts';
import { skusTaken, takenSkuErrors } from './taken.ts';

export const productService = ({ store, clock }: AgentContext<Tables>) => {
  const write = <T>(
    context: RequestContext,
    locks: readonly string[],
    work: (work: Work<Tables>) => Promise<T>,
  ): Promise<T> => store.write({ locks, origin: context }, work);

  const load = async (
    { em }: Work<Tables>,
    id: string,
    { actor }: RequestContext,
    path: readonly string[],
  ): Promise<Product> => {
    const product = await em.findOne(Product, { id });
    const row = product && { id: product.id, merchant_id: product.merchantId };
    if (!row || !matches(row, writableProducts(actor)))
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

  const addVariant = (
    work: Work<Tables>,
    productId: string,
    { sku, name, attributes, taxClass }: NewVariant & { attributes: Attribute[] },
    position: number,
  ): string => {
    const id = newId('variant');
    work.em.persist(
      work.em.create(Variant, { id, productId, sku, name, attributes, taxClass, position, createdAt: clock.now() }),
    );
    return id;
  };

  return {
    async createProduct(input: CreateProductInput, context: RequestContext): Promise<string> {
      const [{ name, wanted }, description, merchantId, variants] = checkAll(
        () => checkNameAndSlug(input, ['input']),
        () => checkDescription(input.description, ['input']),
        () => ownerOfNew(context.actor, input.merchantId),
        () => checkVariants(input.variants, ['input', 'variants']),
      );
      const id = newId('product');
      return orTaken(
        () =>
          onceMoreIfTaken(() =>
            write(context, [id, slugLock(wanted.slug)], async (work) => {
              await checkCategory(work, input.categoryId);
              await checkSkus(work, variants, ['input', 'variants']);
              const now = clock.now();
              const slug = await freeSlug(work.sql, 'product', wanted, id);
              const { categoryId = null } = input;
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
              variants.forEach((variant, index) => addVariant(work, id, variant, index));
              publish(work, productCreated, product, 1);
              return id;
            }),
          ),
        taken({ slug: wanted.path, sku: ['input', 'variants'] }),
      );
    },

    async updateProduct(input: UpdateProductInput, context: RequestContext): Promise<string> {
      const [name, description, slug] = checkAll(
        () => (input.name == null ? undefined : checkName(input.name, ['input', 'name'])),
        () => (input.description == null ? undefined : checkDescription(input.description, ['input'])),
        () => (input.slug == null ? undefined : chooseSlug(input.slug, '', ['input']).slug),
      );
      return orTaken(
        () =>
          write(context, slug === undefined ? [input.id] : [input.id, slugLock(slug)], async (work) => {
            const product = await load(work, input.id, context, ['input', 'id']);
            checkVersion(product.version, input.expectedVersion);
            await checkCategory(work, input.categoryId);
            if (name !== undefined) product.name = name;
            if (description !== undefined) product.description = description;
            if (slug !== undefined) product.slug = slug;
            if (input.categoryId !== undefined) product.categoryId = input.categoryId;
            product.updatedAt = clock.now();
            await work.em.flush();
            publish(work, productUpdated, product, product.version);
            return product.id;
          }),
        taken({ slug: ['input', 'slug'] }),
      );
    },

    async addProductVariant(productId: string, input: NewVariantInput, context: RequestContext): Promise<string> {
      const path = ['input', 'variant'];
      const variant = checkVariant(input, path);
      return orTaken(
        () =>
          write(context, [productId], async (work) => {
            const product = await load(work, productId, context, ['input', 'productId']);
            const others = await work.sql
              .selectFrom('variant')
              .select(['sku', 'name', 'attributes'])
              .where('product_id', '=', productId)
              .orderBy('position')
              .execute();
            if (others.length >= MAX_VARIANTS)
              throw refuse('INVALID_INPUT', `A product has at most ${MAX_VARIANTS} variants.`, ['input', 'productId']);
            checkDistinct(variant, others, path);
            const id = addVariant(work, productId, variant, others.length);
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
        taken({ sku: [...path, 'sku'] }),
      );
    },

    changeStatus: (
      input: { id: string; expectedVersion?: number | null },
      to: ProductStatus,
      context: RequestContext,
    ): Promise<string> =>
      write(context, [input.id], async (work) => {
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
      const { name, wanted } = checkNameAndSlug(input, ['input']);
      const id = newId('category');
      return orTaken(
        () =>
          write(context, [input.parentId ?? 'category:top', slugLock(wanted.slug)], async ({ em, sql }) => {
            const isTop = input.parentId === null || input.parentId === undefined;
            const parent = isTop ? undefined : await em.findOne(Category, { id: input.parentId! });
            if (!isTop && !parent) throw refuse('NOT_FOUND', 'There is no such category.', ['input', 'parentId']);
            const parentId = parent?.id ?? null;
            const children = await countOf(
              sql.selectFrom('category').where('parent_id', 'is not distinct from', parentId),
            );
            // The path of one at the top is `/<id>/`.
            checkRoomBelow({ depth: parent ? parent.path.split('/').length - 2 : 0, children });
            em.persist(
              em.create(Category, {
                id,
                slug: await freeSlug(sql, 'category', wanted, id),
                name,
                parentId,
                path: `${parent?.path ?? '/'}${id}/`,
                position: children,
                createdAt: clock.now(),
              }),
            );
            return id;
          }),
        taken({ slug: wanted.path }),
      );
    },
  };
};

const countVariants = ({ sql }: Work<Tables>, productId: string): Promise<number> =>
  countOf(sql.selectFrom('variant').where('product_id', '=', productId));

/** @throws Refusal SKU_TAKEN, each at its place */
async function checkSkus(
  { sql }: Work<Tables>,
  variants: readonly { sku: string }[],
  path: readonly string[],
): Promise<void> {
  const known = await skusTaken(
    sql,
    variants.map(({ sku }) => sku),
  );
  const placed = variants.map(({ sku }, index) => ({ value: sku, path: [...path, String(index), 'sku'] }));
  const errors = takenSkuErrors(placed, known);
  if (errors.length) throw new Refusal(errors);
}

/** What a unique index says no to, and where in the input it came from. */
const taken = ({ slug, sku }: { slug?: readonly string[]; sku?: readonly string[] }) => ({
  product_slug_key: refuse('SLUG_TAKEN', 'Another product has this slug: choose another.', slug),
  category_slug_key: refuse('SLUG_TAKEN', 'Another category has this slug: choose another.', slug),
  variant_sku_key: refuse('SKU_TAKEN', 'Another variant has this SKU: choose another.', sku),
});

export type ProductService = ReturnType<typeof productService>;
