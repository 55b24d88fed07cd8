import type { Kysely } from 'kysely';
import { type DemoTools, demoWorld } from '../../platform/agent/demo.ts';
import { demoCategories, demoProduct, demoVariant } from './demo/catalogue.ts';
import { json } from '../../platform/data/json.ts';
import type { Tables } from './entities.ts';

/** Rows that one statement inserts: a chunk takes some tens of milliseconds, far below what a transaction may last. */
const CHUNK = 500;

/** Loads the demo's catalogue. A second time changes nothing. */
export const productDemo =
  (db: Kysely<Tables>) =>
  async ({ report }: DemoTools): Promise<void> => {
    const products = Array.from({ length: demoWorld.products }, (_, n) => demoProduct(n));
    const insert = async <Table extends keyof Tables>(table: Table, rows: readonly any[]): Promise<void> => {
      for (let at = 0; at < rows.length; at += CHUNK) {
        await db
          .insertInto(table)
          .values(rows.slice(at, at + CHUNK))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    };
    await insert(
      'category',
      demoCategories.map((category) => ({ ...category, createdAt: products[0]!.createdAt })),
    );
    await insert(
      'product',
      products.map((product) => ({ ...product, merchantId: demoWorld.merchantId, updatedAt: product.createdAt })),
    );
    await insert(
      'variant',
      demoWorld.variants.map(({ id, product, index }) => {
        const { attributes, ...variant } = demoVariant(product, index);
        const { id: productId, createdAt } = products[product]!;
        return { id, productId, ...variant, attributes: json(attributes), position: index, createdAt };
      }),
    );
    report(
      `product: ${products.length} products with ${demoWorld.variants.length} variants in ${demoCategories.length} categories`,
    );
  };
