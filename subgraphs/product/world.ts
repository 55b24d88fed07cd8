/** For the permission walk: a category; of each merchant a draft, something on sale, an import, an upload and a job. */
import { newId } from '../../platform/ids.ts';
import type { RoomWorld } from '../../tests/security/permissions/room-world.ts';
import type { Thing } from '../../tests/security/permissions/things.ts';

const CATEGORY =
  'mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } userErrors { message } } }';
const CREATE = `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
  product { id slug variants { id sku } } userErrors { message } } }`;
const PUBLISH =
  'mutation ($input: ChangeProductStatusInput!) { publishProduct(input: $input) { userErrors { message } } }';
const IMPORT =
  'mutation ($input: ImportProductsInput!) { importProducts(input: $input) { saga { id } userErrors { message } } }';
const UPLOAD = `mutation ($input: CreateFileUploadInput!) { createProductFileUpload(input: $input) {
  file { id } userErrors { message } } }`;
const EXPORT =
  'mutation ($input: ExportProductsInput!) { exportProducts(input: $input) { job { id } userErrors { message } } }';

export const world: RoomWorld = {
  grants: { MERCHANT: ['write'] },

  async ofHouse({ tell, unique, admin }) {
    const { createCategory } = await tell(CATEGORY, { name: unique('category') }, admin);
    return [{ type: 'Category', id: createCategory.category.id, of: 'nobody', seenWith: [] }];
  },

  async ofMerchant({ tell, unique, sagaEnds }, { who, of }) {
    const create = async (isPublic: boolean): Promise<Thing[]> => {
      const variants = [{ sku: unique('sku'), name: 'One' }];
      const { product } = (await tell(CREATE, { name: unique('product'), variants }, who.actor)).createProduct;
      const [{ id: variantId, sku }] = product.variants;
      if (isPublic) await tell(PUBLISH, { id: product.id }, who.actor);
      const rights = isPublic
        ? { of: 'nobody' as const, keptBy: of, seenWith: [] }
        : { of, seenWith: ['product:read'] };
      const secret = (text: string) => (isPublic ? [] : [{ text, knownWith: ['product:read', 'inventory:read'] }]);
      const { id, slug } = product;
      return [
        { type: 'Product', id, keys: { slug }, ...rights, secrets: [...secret(id), ...secret(slug)] },
        { type: 'ProductVariant', id: variantId, keys: { sku }, ...rights, secrets: secret(sku) },
      ];
    };
    const products = [{ name: unique('import'), variants: [{ sku: unique('imported'), name: 'One' }] }];
    const things = [...(await create(false)), ...(await create(true))];
    const { saga } = (await tell(IMPORT, { products, idempotencyKey: newId('key') }, who.actor)).importProducts;
    await sagaEnds(saga.id);
    // A caller who may change every product may follow every import.
    const knownWith = ['orchestration:read', 'product:write'];
    things.push({
      type: 'Saga',
      id: saga.id,
      of,
      seenWith: ['orchestration:read'],
      secrets: [{ text: saga.id, knownWith }],
    });
    const upload = { name: unique('upload'), mediaType: 'application/x-ndjson', bytes: 9, purpose: 'import' };
    const { file } = (await tell(UPLOAD, upload, who.actor)).createProductFileUpload;
    const { job } = (await tell(EXPORT, { idempotencyKey: newId('key') }, who.actor)).exportProducts;
    for (const [type, { id }] of [
      ['File', file],
      ['Job', job],
    ] as const)
      things.push({
        type,
        id,
        of,
        seenWith: ['product:read'],
        secrets: [{ text: id, knownWith: ['product:read'] }],
      });
    return things;
  },
};
