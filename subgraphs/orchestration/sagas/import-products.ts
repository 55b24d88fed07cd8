import { accepted } from '../../../platform/commands/ask.ts';
import { defineSaga } from '../../../platform/sagas/define-saga.ts';
import { receiveImportedStock, removeImportedStock } from '../commands/inventory.generated.ts';
import { removeImportedPrices, setImportedPrices } from '../commands/pricing.generated.ts';
import {
  createImportedProducts,
  publishImportedProducts,
  rejectImport,
  removeImportedProducts,
} from '../commands/product.generated.ts';

/** What `importProducts` of the product agent starts it with. */
interface Input {
  importId: string;
  merchantId: string;
  products: Product[];
}

interface Product {
  id: string;
  slug: string;
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

/** Each chunk is one short transaction. */
const CHUNK = 25;

function chunksOf<T>({ importId }: Input, list: readonly T[]): { reference: string; chunk: T[] }[] {
  return Array.from({ length: Math.ceil(list.length / CHUNK) }, (_, n) => ({
    reference: `${importId}/${n}`,
    chunk: list.slice(n * CHUNK, (n + 1) * CHUNK),
  }));
}

const productsOf = (input: Input) => chunksOf(input, input.products);

const pricesOf = (input: Input) =>
  chunksOf(
    input,
    input.products.flatMap(({ id: productId, variants }) =>
      variants.flatMap(({ id: variantId, price }) => (price ? [{ productId, variantId, price }] : [])),
    ),
  );

const stockOf = (input: Input) =>
  chunksOf(
    input,
    input.products.flatMap(({ id: productId, variants }) =>
      variants.flatMap(({ id: variantId, stock }) => (stock ? [{ productId, variantId, ...stock }] : [])),
    ),
  ).map(({ reference, chunk: lines }) => ({ reference, merchantId: input.merchantId, lines }));

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
        for (const { reference, chunk } of productsOf(input)) {
          const payload = { reference, merchantId, products: chunk.map(draftOf) };
          accepted((await ask(createImportedProducts, { input: payload })).createImportedProducts);
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
        for (const { reference, chunk: prices } of pricesOf(input))
          accepted((await ask(setImportedPrices, { input: { reference, prices } })).setImportedPrices);
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
      does: 'Brings in their first stock.',
      async run({ input, ask }) {
        for (const stock of stockOf(input))
          accepted((await ask(receiveImportedStock, { input: stock })).receiveImportedStock);
      },
      async undo({ input, ask }) {
        for (const stock of stockOf(input).toReversed())
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
    does: 'Writes down why there are none.',
    async run({ input: { importId }, ask, refusal }) {
      const payload = { importId, code: refusal!.errors[0]!.code };
      accepted((await ask(rejectImport, { input: payload })).rejectImport);
    },
  },
});
