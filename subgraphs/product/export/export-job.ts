import type { Kysely } from 'kysely';
import { z } from 'zod';
import { anyOf } from '../../../platform/data/any-of.ts';
import { countOf } from '../../../platform/data/count.ts';
import { columnsOf } from '../../../platform/data/entity-table.ts';
import { defineJob } from '../../../platform/jobs/job-kind.ts';
import { ProductSchema, ProductStatus, type Tables, VariantSchema } from '../entities.ts';
import { exportedProduct } from './domain.ts';

/** Products of one chunk: with descriptions of the longest kind they are a megabyte. */
const CHUNK = 100;

const input = z.object({ merchantId: z.string().nullable(), status: z.enum(ProductStatus).nullable() });

/** Where a chunk begins: behind the last product of the one before it, in order of time. */
interface State {
  after: { createdAt: string; id: string } | null;
  total: number | null;
}

/**
 * The job that exports products. What is created while it runs comes at its end; what is changed is exported as it is when
 * its chunk is read.
 */
export const exportJob = (db: Kysely<Tables>) =>
  defineJob<z.infer<typeof input>, State>({
    name: 'exportProducts',
    input,
    begin: () => ({ after: null, total: null }),

    async chunk({ input: { merchantId, status }, state: { after, total }, done }) {
      let wanted = db.selectFrom('product').select(columnsOf(ProductSchema));
      if (merchantId !== null) wanted = wanted.where('merchantId', '=', merchantId);
      if (status !== null) wanted = wanted.where('status', '=', status);
      const counted = total ?? (await countOf(wanted));
      const behind = after
        ? wanted.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('createdAt', 'id'), '>', tuple(new Date(after.createdAt), after.id)),
          )
        : wanted;
      const products = await behind.orderBy('createdAt').orderBy('id').limit(CHUNK).execute();
      const variants = Map.groupBy(
        await db
          .selectFrom('variant')
          .select(columnsOf(VariantSchema))
          .where('productId', '=', anyOf(products.map(({ id }) => id)))
          .orderBy('productId')
          .orderBy('position')
          .execute(),
        ({ productId }) => productId,
      );
      const last = products.at(-1);
      return {
        state: { after: last ? { createdAt: last.createdAt.toISOString(), id: last.id } : after, total: counted },
        done: done + products.length,
        total: Math.max(counted, done + products.length),
        part: products.map((product) => exportedProduct(product, variants.get(product.id) ?? [])).join(''),
        isLast: products.length < CHUNK,
      };
    },

    result: { purpose: 'export', mediaType: 'application/x-ndjson', nameOf: () => 'products.jsonl' },
  });
