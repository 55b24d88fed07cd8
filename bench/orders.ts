/**
 * Complete order sagas a second, and beside them, alternating in the same run, the engine and the commits below them.
 */
import { singleRowCommits } from './commits.ts';
import { median, progress, spread, table } from './figures.ts';
import { databaseBeside, plainDbos, STEPS } from './plain-dbos.ts';
import type { Size } from './run.ts';
import { type LoadedShop, times, withLoadedShop } from './shop.ts';

const COMMIT_SECONDS = 3;
const WARM_UP = 0.3;

/** Measures, and prints a table. */
export const orders = (size: Size): Promise<void> =>
  withLoadedShop(async (shop) => {
    const url = await databaseBeside(shop.adminUrl, shop.databaseUrl, 'bench');
    const { concurrency, rounds } = size;
    const figures = { accepted: [] as number[], done: [] as number[], dbos: [] as number[], commits: [] as number[] };
    progress('warming up');
    await round(shop, Math.ceil(size.orders * WARM_UP), concurrency);
    await plainDbos(url, Math.ceil(size.orders * WARM_UP), concurrency);
    for (let n = 0; n < rounds; n++) {
      const { accepted, done } = await round(shop, size.orders, concurrency);
      figures.accepted.push(accepted);
      figures.done.push(done);
      figures.dbos.push(await plainDbos(url, size.orders, concurrency));
      figures.commits.push(await singleRowCommits(url, COMMIT_SECONDS));
      progress(`round ${n + 1} of ${rounds}: ${done.toFixed(0)} orders a second`);
    }
    const base = median(figures.done);
    const row = (what: string, values: number[]) => [
      what,
      median(values).toFixed(0),
      spread(values),
      (median(values) / base).toFixed(2),
    ];
    table(
      `Orders a second: ${rounds} rounds of ${size.orders} orders, ${concurrency} buyers at once, synchronous_commit on`,
      ['what', 'a second (median)', 'spread', 'ratio'],
      [
        row('orders, from `placeOrder` to the end of the last saga and its messages', figures.done),
        row('orders accepted', figures.accepted),
        row(`plain DBOS, ${STEPS} steps that do nothing`, figures.dbos),
        row('single-row commits, 16 connections', figures.commits),
      ],
    );
  });

async function round(shop: LoadedShop, count: number, concurrency: number) {
  const started = performance.now();
  await times(count, concurrency, () => shop.order());
  const accepted = performance.now() - started;
  await shop.rest();
  const done = performance.now() - started;
  return { accepted: (count * 1000) / accepted, done: (count * 1000) / done };
}
