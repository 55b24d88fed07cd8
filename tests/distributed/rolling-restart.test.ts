/** Two replicas of one agent, restarted one after the other under load, without a failed request. */
import { expect, test } from '@jest/globals';
import { admin } from '../support/agents.ts';
import { openAgora } from '../support/agent-process.ts';
import { until } from '../support/until.ts';

const CREATE =
  'mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { id } userErrors { code } } }';

test('a rolling restart fails no request, reading or writing', async () => {
  const agora = await openAgora();
  let isOver = false;
  const failures: unknown[] = [];
  const made: string[] = [];
  let n = 0;
  const read = async (): Promise<void> => {
    const { data, errors } = await agora.ask('product', '{ products(first: 1) { totalCount } }', {}, admin);
    if (errors ?? typeof data.products.totalCount !== 'number') failures.push(errors ?? data);
  };
  const write = async (): Promise<void> => {
    const name = `Product ${n++}`;
    const input = { name, merchantId: 'merchant_test', variants: [{ sku: `SKU-${n}`, name }] };
    const { data, errors } = await agora.ask('product', CREATE, { input }, admin);
    if (errors ?? data.createProduct.userErrors.length) failures.push(errors ?? data);
    else made.push(data.createProduct.product.id as string);
  };
  const keepAsking = async (ask: () => Promise<void>): Promise<void> => {
    while (!isOver) {
      await ask().catch((error: unknown) => failures.push(error));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  try {
    const [one, two] = await Promise.all([agora.start(['product']), agora.start(['product'])]);
    await agora.directory.look();
    const asking = Promise.all([read, write, read, write].map(keepAsking));
    try {
      await until('something is made', () => made.length > 0);
      expect(await one.end('SIGTERM')).toBe(0);
      const atFirst = made.length;
      await agora.start(['product']);
      expect(await two.end('SIGTERM')).toBe(0);
      expect(made.length).toBeGreaterThan(atFirst);
    } finally {
      isOver = true;
      await asking;
    }
    expect(failures).toEqual([]);
    const { rows } = await agora.database.pool.query('select count(*)::int as products from product.product');
    expect(rows).toEqual([{ products: made.length }]);
  } finally {
    await agora.close();
  }
});
