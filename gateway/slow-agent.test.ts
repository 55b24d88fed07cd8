/** An agent that takes too long and then only fails: who does not need it does not notice, and it is asked again once it is well. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startDistributed } from './distributed-for-test.ts';

const WELL = 'type Query { orders: Int @public }';
const ILL = 'type Query { stock: Int @public }';
const TIMEOUT_MS = 2000;
/** Longer than a fetch may take, as 5 s are more than its 4 s. */
const SLOW_MS = 2.5 * TIMEOUT_MS;
const OPEN_MS = 2500;

test('unrelated queries go on as before, the circuit opens and closes again', async () => {
  const timeouts = { query: TIMEOUT_MS, mutation: TIMEOUT_MS };
  const it = await startDistributed({ order: WELL, stock: ILL }, timeouts, OPEN_MS);
  let behave: () => unknown = () => 5;
  try {
    await it.directory.add('order', WELL, { Query: { orders: () => 1 } });
    const stock = await it.directory.add('stock', ILL, { Query: { stock: () => behave() } });
    await it.look();
    const circuit = () => it.breakers.list().find(({ name }) => name === 'agent:stock')?.state;
    const slowest = async (): Promise<number> => {
      const times: number[] = [];
      for (let n = 0; n < 40; n++) {
        const begun = performance.now();
        expect(await it.ask('{ orders }')).toEqual({ data: { orders: 1 } });
        times.push(performance.now() - begun);
      }
      // Of the slowest twentieth the first: their p95.
      return times.sort((a, b) => b - a)[2]!;
    };
    await slowest();
    const before = await slowest();

    behave = () => sleep(SLOW_MS, 5, { ref: false });
    const waiting = Promise.all(Array.from({ length: 6 }, () => it.ask('{ stock }')));
    const during = await slowest();
    for (const { errors } of await waiting)
      expect(errors).toMatchObject([
        { message: 'The agent stock did not answer.', extensions: { code: 'UNAVAILABLE' } },
      ]);
    expect(circuit()).toBe('OPEN');
    const begun = performance.now();
    await it.ask('{ stock }');
    expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS);
    const whileOpen = await slowest();
    // A machine that is busy with others is slower by itself; waiting for the slow one would be far more.
    expect(Math.max(during, whileOpen)).toBeLessThan(Math.max(10 * before, TIMEOUT_MS));

    // Then it only fails: each probe keeps the circuit open.
    stock.fail(true);
    await sleep(OPEN_MS + 50);
    expect((await it.ask('{ stock }')).errors).toMatchObject([{ extensions: { agent: 'stock' } }]);
    expect(circuit()).toBe('OPEN');
    expect(await slowest()).toBeLessThan(Math.max(10 * before, TIMEOUT_MS));

    stock.fail(false);
    behave = () => 5;
    await sleep(OPEN_MS + 50);
    expect(await it.ask('{ stock orders }')).toEqual({ data: { stock: 5, orders: 1 } });
    expect(circuit()).toBe('CLOSED');
  } finally {
    await it.close();
  }
}, 90_000);
