import { accepted } from '../../../platform/commands/ask.ts';
import { shortened } from '../../../platform/errors.ts';
import { defineSaga } from '../../../platform/sagas/define-saga.ts';
import { receiveImportedStock, removeImportedStock } from '../commands/inventory.generated.ts';
import { removeImportedPrices, setImportedPrices } from '../commands/pricing.generated.ts';
import {
  createImportedProducts,
  publishImportedProducts,
  rejectImport,
  removeImportedProducts,
} from '../commands/product.generated.ts';

/** The input of the saga, from `importProducts` of the product agent. */
interface Input {
  importId: string;
  merchantId: string;
  products: Product[];
}

interface Product {
  id: string;
  slug: string;
  isSlugGiven?: boolean;
  name: string;
  description: string;
  categoryId?: string | null;
  variants: Variant[];
}

interface Variant {
  id: string;
  sku: string;
  name: string;
  attributes: { name: string; value: string }[];
  taxClass: 'STANDARD' | 'REDUCED' | 'ZERO';
  price?: { amount: string; currency: string } | null;
  stock?: { locationId: string; quantity: number } | null;
}

/** Products of a chunk, which is one short transaction. */
const CHUNK = 25;
/** The most errors that are reported of a refused import. */
const MAX_ERRORS = 100;

/** An item of a chunk, with its path in the input of `importProducts`. */
interface Placed<T> {
  value: T;
  path: readonly string[];
}

interface Chunk<T> {
  reference: string;
  chunk: T[];
  paths: (readonly string[])[];
}

function chunksOf<T>({ importId }: Input, list: readonly Placed<T>[]): Chunk<T>[] {
  return Array.from({ length: Math.ceil(list.length / CHUNK) }, (_, n) => {
    const part = list.slice(n * CHUNK, (n + 1) * CHUNK);
    return {
      reference: `${importId}/${n}`,
      chunk: part.map(({ value }) => value),
      paths: part.map(({ path }) => path),
    };
  });
}

const pathOf = (product: number): string[] => ['input', 'products', String(product)];

const productsOf = (input: Input) =>
  chunksOf(
    input,
    input.products.map((value, n) => ({ value, path: pathOf(n) })),
  );

/** A property of those variants that have it, in chunks, each with its path. */
const ofVariants = <T>(input: Input, field: string, of: (productId: string, variant: Variant) => T | undefined) =>
  chunksOf(
    input,
    input.products.flatMap(({ id, variants }, n) =>
      variants.flatMap((variant, m) => {
        const value = of(id, variant);
        return value ? [{ value, path: [...pathOf(n), 'variants', String(m), field] }] : [];
      }),
    ),
  );

const pricesOf = (input: Input) =>
  ofVariants(input, 'price', (productId, { id: variantId, price }) => price && { productId, variantId, price });

const stockOf = (input: Input) =>
  ofVariants(input, 'stock', (productId, { id: variantId, stock }) => stock && { productId, variantId, ...stock }).map(
    ({ reference, chunk: lines, paths }) => ({
      stock: { reference, merchantId: input.merchantId, lines },
      paths,
    }),
  );

/** Like `accepted`, but moves an error of a chunk, such as at `input.prices.3`, to its row of the import. */
function acceptedAt(
  paths: readonly (readonly string[])[],
  payload:
    | { userErrors: readonly { code: string; message: string; path?: readonly string[] | null }[] }
    | null
    | undefined,
): void {
  const userErrors = payload?.userErrors.map(({ path, ...error }) => {
    const row = paths[Number(path?.[2])];
    return { ...error, path: row && path ? [...row, ...path.slice(3)] : ['input', 'products'] };
  });
  accepted(payload && { ...payload, userErrors: userErrors! });
}

const draftOf = ({ variants, ...product }: Product) => ({
  ...product,
  variants: variants.map(({ price: _, stock: __, ...variant }) => variant),
});

export const importProducts = defineSaga<Input, object>({
  name: 'importProducts',
  description: 'Brings products into the catalogue with prices and stock, and puts them up for sale: all, or none.',
  queue: 'BULK',
  steps: [
    {
      name: 'create',
      agent: 'product',
      does: 'Creates the products as drafts.',
      async run({ input, ask }) {
        const { merchantId } = input;
        const reservedSlugs = input.products.flatMap(({ slug, isSlugGiven = true }) => (isSlugGiven ? slug : []));
        for (const { reference, chunk, paths } of productsOf(input)) {
          const payload = { reference, merchantId, products: chunk.map(draftOf), reservedSlugs };
          acceptedAt(paths, (await ask(createImportedProducts, { input: payload })).createImportedProducts);
        }
      },
      async undo({ input, ask }) {
        for (const { reference, chunk } of productsOf(input).toReversed()) {
          const payload = { reference, productIds: chunk.map(({ id }) => id) };
          accepted((await ask(removeImportedProducts, { input: payload })).removeImportedProducts);
        }
      },
    },
    {
      name: 'price',
      agent: 'pricing',
      does: 'Sets their prices.',
      async run({ input, ask }) {
        for (const { reference, chunk: prices, paths } of pricesOf(input))
          acceptedAt(paths, (await ask(setImportedPrices, { input: { reference, prices } })).setImportedPrices);
      },
      async undo({ input, ask }) {
        for (const { reference, chunk } of pricesOf(input).toReversed()) {
          const variants = chunk.map(({ price: _, ...variant }) => variant);
          accepted((await ask(removeImportedPrices, { input: { reference, variants } })).removeImportedPrices);
        }
      },
    },
    {
      name: 'stock',
      agent: 'inventory',
      does: 'Receives their first stock.',
      async run({ input, ask }) {
        for (const { stock, paths } of stockOf(input))
          acceptedAt(paths, (await ask(receiveImportedStock, { input: stock })).receiveImportedStock);
      },
      async undo({ input, ask }) {
        for (const { stock } of stockOf(input).toReversed())
          accepted((await ask(removeImportedStock, { input: stock })).removeImportedStock);
      },
    },
    {
      name: 'publish',
      agent: 'product',
      does: 'Puts them up for sale.',
      pivot: true,
      async run({ input, ask }) {
        for (const { chunk } of productsOf(input)) {
          const payload = { productIds: chunk.map(({ id }) => id) };
          accepted((await ask(publishImportedProducts, { input: payload })).publishImportedProducts);
        }
      },
    },
  ],
  whenRefused: {
    name: 'refuse',
    agent: 'product',
    does: 'Records why the import was undone.',
    async run({ input: { importId }, ask, refusal }) {
      const errors = refusal!.errors.slice(0, MAX_ERRORS).map(({ code, message, path = ['input', 'products'] }) => ({
        code,
        message: shortened(message),
        path: [...path],
      }));
      const payload = { importId, code: errors[0]!.code, errors };
      accepted((await ask(rejectImport, { input: payload })).rejectImport);
    },
  },
});
