/** Events a second through consumers, each of which writes one row for each event, as most do. */
import { noteEffect, noteWritten, openSmallAgent, type SmallAgent } from '../tests/support/small-agent.ts';
import { on } from '../platform/consumers/handler.ts';
import { median, spread, table } from './figures.ts';
import type { Size } from './run.ts';

const CONSUMERS = [1, 3, 10];
/** Events published in one transaction, as an import would. */
const CHUNK = 100;
const AGGREGATES = 500;

/** Measures, and prints a table. */
export async function events({ events: count, rounds }: Size): Promise<void> {
  const small = await openSmallAgent();
  try {
    const published: number[] = [];
    const rates = new Map(CONSUMERS.map((consumers) => [consumers, [] as number[]]));
    for (let n = 0; n < rounds; n++) {
      await small.database.pool.query('truncate platform.event_log, platform.log_cursor, small.effect');
      published.push(await publish(small, count));
      for (const consumers of CONSUMERS) rates.get(consumers)!.push(await consume(small, count, consumers, n));
    }
    const row = (what: string, values: number[], each: number) => [
      what,
      median(values).toFixed(0),
      spread(values),
      (median(values) * each).toFixed(0),
    ];
    table(
      `Events a second: ${rounds} rounds of ${count} events, in one process`,
      ['what', 'events a second (median)', 'spread', 'deliveries a second'],
      [
        row(`published, ${CHUNK} in a transaction`, published, 1),
        ...CONSUMERS.map((consumers) => row(`read by ${consumers}, one row each`, rates.get(consumers)!, consumers)),
      ],
    );
  } finally {
    await small.database.drop();
  }
}

async function publish(small: SmallAgent, count: number): Promise<number> {
  const started = performance.now();
  for (let done = 0; done < count; done += CHUNK) {
    await small.store.write({ locks: [], origin: {} }, async ({ publish }) => {
      for (let n = done; n < Math.min(count, done + CHUNK); n++) {
        const id = `note_${n % AGGREGATES}`;
        const aggregateVersion = Math.floor(n / AGGREGATES) + 1;
        publish(noteWritten, { aggregateId: id, aggregateVersion, payload: { id, text: 'x'.repeat(200) } });
      }
    });
  }
  return (count * 1000) / (performance.now() - started);
}

/** Runs the consumers until the slowest has read everything. */
async function consume(small: SmallAgent, count: number, consumers: number, round: number): Promise<number> {
  const controller = new AbortController();
  const running: Promise<void>[] = [];
  const started = performance.now();
  const ends = Array.from({ length: consumers }, async (_, n) => {
    const name = `bench_${round}_${consumers}_${n}`;
    const { promise: end, resolve } = Promise.withResolvers<void>();
    let seen = 0;
    const handler = on(noteWritten.type, noteWritten.payload, async ({ sql }, event) => {
      await noteEffect(sql, name, event);
      if (++seen === count) resolve();
    });
    const consumer = small.consumer(name, [handler]);
    await consumer.register();
    running.push(consumer.run(controller.signal));
    return end;
  });
  await Promise.all(ends);
  const rate = (count * 1000) / (performance.now() - started);
  controller.abort();
  await Promise.all(running);
  return rate;
}
