/**
 * Statements and commits of an order in PostgreSQL, counted on the driver: alone, and under load, where consumers take
 * batches.
 */
import { openPlatform } from '../tests/support/platform.ts';
import { forSale, newCustomer, placed, sagaEnds } from '../tests/support/shop.ts';
import { countStatements, type Statements } from '../tests/support/statements.ts';
import { table } from './figures.ts';
import type { Size } from './run.ts';
import { times } from './shop.ts';

const LONE = 10;
const MOST = 200;
/** The benchmark's own query, by which it waits for the sagas' end; not counted. */
const LOOK = /from "?dbos"?\."?workflow_status"? as w/;

/** Counts, and prints two tables. */
export async function costs({ concurrency, ...size }: Size): Promise<void> {
  const counted = countStatements();
  const shop = await openPlatform();
  try {
    const variantId = await forSale(shop, { stock: 1_000_000 });
    const order = async () => (await placed(shop, { lines: [{ variantId, quantity: 1 }] }, newCustomer())).order.id;
    await sagaEnds(shop, await order(), 'COMPLETED');
    const rest = async () => {
      for (;;) {
        const busy = await shop.kysely
          .selectFrom('dbos.workflow_status as w')
          .select('w.status')
          .where('w.status', '<>', 'SUCCESS')
          .limit(1)
          .execute();
        if (busy.length === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const count = async (orders: number, atOnce: number) => {
      counted.reset();
      await times(orders, atOnce, async () => {
        await order();
        if (atOnce === 1) await rest();
      });
      await rest();
      return figures(counted, orders);
    };
    const many = Math.min(MOST, size.orders);
    const [alone, loaded] = [await count(LONE, 1), await count(many, concurrency)];
    table(
      'Statements and commits an order',
      ['', 'statements', 'commits that write'],
      [
        ['one after another', alone.statements, alone.commits],
        [`${many}, ${concurrency} at once`, loaded.statements, loaded.commits],
      ],
    );
    table('What they are, under load', ['an order', 'statement'], loaded.top);
  } finally {
    await shop.close();
    counted.stop();
  }
}

function figures({ texts, commits }: Statements, orders: number) {
  const ours = texts.filter((text) => !LOOK.test(text));
  const by = new Map<string, number>();
  for (const text of ours) {
    const short = text.replace(/\s+/g, ' ').slice(0, 110).replaceAll('|', '/');
    by.set(short, (by.get(short) ?? 0) + 1);
  }
  const top = [...by].sort(([, a], [, b]) => b - a).slice(0, 30);
  return {
    statements: (ours.length / orders).toFixed(1),
    commits: (commits.length / orders).toFixed(1),
    top: top.map(([text, n]) => [(n / orders).toFixed(2), `\`${text}\``]),
  };
}
