/**
 * Latency of a buyer's order in an open load: orders come at their own pace, whether or not the shop keeps up with
 * them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, table } from './figures.ts';
import type { Size } from './run.ts';
import { type LoadedShop, times, withLoadedShop } from './shop.ts';

const RATES = [10, 50];
const WARM_UP = 200;

/** Measures, and prints a table. */
export const latency = ({ seconds }: Size): Promise<void> =>
  withLoadedShop(async (shop) => {
    await times(WARM_UP, 8, () => shop.order());
    await shop.rest();
    const rows: string[][] = [];
    for (const rate of RATES) {
      const { answered, confirmed } = await openLoad(shop, rate, seconds);
      const figures = [answered, confirmed].flatMap((values) =>
        [0.5, 0.95, 0.99].map((share) => quantile(values, share)),
      );
      rows.push([String(rate), String(confirmed.length), ...figures.map((value) => value.toFixed(0))]);
    }
    const head = ['orders/s', 'orders', 'answer p50', 'p95', 'p99', 'CONFIRMED p50', 'p95', 'p99'];
    table(`Latency in ms, from when the order was due, for ${seconds} s each`, head, rows);
  });

async function openLoad(shop: LoadedShop, rate: number, seconds: number) {
  const due = new Map<string, number>();
  const answered: number[] = [];
  const started = Date.now();
  const orders: Promise<void>[] = [];
  for (let n = 0; n < rate * seconds; n++) {
    const at = started + (n * 1000) / rate;
    await sleep(Math.max(0, at - Date.now()));
    // Measured from the time when it was due: a shop that is late must not be forgiven the orders that had to wait for
    // it.
    orders.push(
      shop.order().then((id) => {
        answered.push(Date.now() - at);
        due.set(id, at);
      }),
    );
  }
  await Promise.all(orders);
  await shop.rest();
  // By the database's clock, which is this machine's.
  const events = await shop.kysely
    .selectFrom('platform.event_log')
    .select(['aggregate_id', 'at'])
    .where('type', '=', 'order.status_changed')
    .where((eb) => eb(eb.ref('payload', '->>').key('newStatus' as never), '=', 'CONFIRMED'))
    .where('aggregate_id', 'in', [...due.keys()])
    .execute();
  const confirmed = events.map(({ aggregate_id, at }) => (at as Date).getTime() - due.get(aggregate_id)!);
  if (confirmed.length !== due.size) throw new Error(`${due.size} orders, and ${confirmed.length} were confirmed`);
  return { answered, confirmed };
}
