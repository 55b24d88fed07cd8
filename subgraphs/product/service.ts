/** The use cases of the catalogue: lock, load, decide, save and publish, in one transaction each. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { countOf } from '../../platform/data/count.ts';
import type { Work } from '../../platform/store/store.ts';
import { Refusal, refuse } from '../../platform/errors.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkAll, checkVersion, onceMoreIfTaken, orTaken } from '../../platform/graphql/refusals.ts';
import { newId } from '../../platform/ids.ts';
import { ownerOfNew, writableProducts } from './access.ts';
import {
  type Attribute,
  changeStatus,
  checkDistinct,
  checkRoomBelow,
  checkVariant,
  checkVariants,
  MAX_VARIANTS,
  type NewVariant,
} from './domain.ts';
import {
  CategorySchema,
  type ProductRow,
  ProductSchema,
  type ProductStatus,
  type Tables,
  VariantSchema,
} from './entities.ts';
import { productCreated, productStatusChanged, productUpdated } from './events.ts';
import { freeSlug, slugLock } from './free-slug.ts';
import type {
  AddProductVariantInput,
  ChangeProductStatusInput,
  CreateCategoryInput,
  CreateProductInput,
  UpdateProductInput,
} from './resolvers.generated.ts';
import { chooseSlug } from './slug.ts';
import { skusTaken, takenSkuErrors } from './taken.ts';

export const productService = ({ store, clock }: AgentContext<Tables>) => {
  const write = <T>(
    context: RequestContext,
    locks: readonly string[],
    work: (work: Work<Tables>) => Promise<T>,
  ): Promise<T> => store.write({ locks, origin: context }, work);

  const find = (work: Work<Tables>, id: string, { actor }: RequestContext, path: readonly string[]) =>
    work.find(ProductSchema, id, { rows: writableProducts(actor), path });

  const checkCategory = async (work: Work<Tables>, id: string | null | undefined): Promise<void> => {
    if (id != null) await work.find(CategorySchema, id, { path: ['input', 'categoryId'] });
  };

  const publish = (
    work: Work<Tables>,
    definition: typeof productCreated,
    { id, merchantId, status, version }: Pick<ProductRow, 'id' | 'merchantId' | 'status' | 'version'>,
  ): void =>
    work.publish(definition, {
      aggregateId: id,
      aggregateVersion: version,
      payload: { productId: id, merchantId, status },
    });

  const newVariant = (
    productId: string,
    { sku, name, attributes, taxClass }: NewVariant & { attributes: Attribute[] },
    position: number,
  ) => ({ id: newId('variant'), productId, sku, name, attributes, taxClass, position, createdAt: clock.now() });

  const becomes = (
    to: ProductStatus,
    { id, expectedVersion }: ChangeProductStatusInput,
    context: RequestContext,
  ): Promise<string> =>
    write(context, [id], async (work) => {
      const product = await find(work, id, context, ['input', 'id']);
      checkVersion(product.version, expectedVersion);
      const status = changeStatus(product, to, await countVariants(work, id));
      if (status === product.status) return id;
      const changes = { status, updatedAt: clock.now() };
      publish(work, productStatusChanged, await work.save(ProductSchema, product, changes));
      return id;
    });

  return {
    async createProduct(input: CreateProductInput, context: RequestContext): Promise<string> {
      const [wanted, merchantId, variants] = checkAll(
        () => chooseSlug(input.slug, input.name, ['input']),
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
              const { name, description, categoryId = null } = input;
              const product = { id, merchantId, slug, name, description, status: 'DRAFT' as const, categoryId };
              await work.insert(ProductSchema, { ...product, createdAt: now, updatedAt: now });
              await work.insert(VariantSchema, ...variants.map((variant, index) => newVariant(id, variant, index)));
              publish(work, productCreated, { ...product, version: 1 });
              return id;
            }),
          ),
        taken({ slug: wanted.path, sku: ['input', 'variants'] }),
      );
    },

    async updateProduct(input: UpdateProductInput, context: RequestContext): Promise<string> {
      const slug = input.slug == null ? undefined : chooseSlug(input.slug, '', ['input']).slug;
      return orTaken(
        () =>
          write(context, slug === undefined ? [input.id] : [input.id, slugLock(slug)], async (work) => {
            const product = await find(work, input.id, context, ['input', 'id']);
            checkVersion(product.version, input.expectedVersion);
            const { categoryId } = input;
            await checkCategory(work, categoryId);
            const [name, description] = [input.name ?? undefined, input.description ?? undefined];
            const changes = { name, description, slug, categoryId, updatedAt: clock.now() };
            publish(work, productUpdated, await work.save(ProductSchema, product, changes));
            return product.id;
          }),
        taken({ slug: ['input', 'slug'] }),
      );
    },

    async addProductVariant(
      { productId, variant: given }: AddProductVariantInput,
      context: RequestContext,
    ): Promise<string> {
      const path = ['input', 'variant'];
      const variant = checkVariant(given, path);
      return orTaken(
        () =>
          write(context, [productId], async (work) => {
            const product = await find(work, productId, context, ['input', 'productId']);
            const others = await work.sql
              .selectFrom('variant')
              .select(['sku', 'name', 'attributes'])
              .where('productId', '=', productId)
              .orderBy('position')
              .execute();
            if (others.length >= MAX_VARIANTS)
              throw refuse('INVALID_INPUT', `A product has at most ${MAX_VARIANTS} variants.`, ['input', 'productId']);
            checkDistinct(variant, others, path);
            const added = newVariant(productId, variant, others.length);
            await work.insert(VariantSchema, added);
            publish(work, productUpdated, await work.save(ProductSchema, product, { updatedAt: clock.now() }));
            return added.id;
          }),
        taken({ sku: [...path, 'sku'] }),
      );
    },

    publishProduct: (input: ChangeProductStatusInput, context: RequestContext) => becomes('ACTIVE', input, context),
    archiveProduct: (input: ChangeProductStatusInput, context: RequestContext) => becomes('ARCHIVED', input, context),

    async createCategory(input: CreateCategoryInput, context: RequestContext): Promise<string> {
      const wanted = chooseSlug(input.slug, input.name, ['input']);
      const id = newId('category');
      return orTaken(
        () =>
          write(context, [input.parentId ?? 'category:top', slugLock(wanted.slug)], async (work) => {
            const { name, parentId = null } = input;
            const parent =
              parentId === null
                ? undefined
                : await work.find(CategorySchema, parentId, { path: ['input', 'parentId'] });
            const children = await countOf(
              work.sql.selectFrom('category').where('parentId', 'is not distinct from', parentId),
            );
            // The path of a top category is `/<id>/`.
            checkRoomBelow({ depth: parent ? parent.path.split('/').length - 2 : 0, children });
            await work.insert(CategorySchema, {
              id,
              slug: await freeSlug(work.sql, 'category', wanted, id),
              name,
              parentId,
              path: `${parent?.path ?? '/'}${id}/`,
              position: children,
              createdAt: clock.now(),
            });
            return id;
          }),
        taken({ slug: wanted.path }),
      );
    },
  };
};

const countVariants = ({ sql }: Work<Tables>, productId: string): Promise<number> =>
  countOf(sql.selectFrom('variant').where('productId', '=', productId));

/** @throws Refusal SKU_TAKEN, each at its path */
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

/** The refusal for each unique index, at the path of the value in the input. */
const taken = ({ slug, sku }: { slug?: readonly string[]; sku?: readonly string[] }) => ({
  product_slug_key: refuse('SLUG_TAKEN', 'Another product has this slug: choose another.', slug),
  category_slug_key: refuse('SLUG_TAKEN', 'Another category has this slug: choose another.', slug),
  variant_sku_key: refuse('SKU_TAKEN', 'Another variant has this SKU: choose another.', sku),
});

export type ProductService = ReturnType<typeof productService>;
