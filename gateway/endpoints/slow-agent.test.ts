/**
 * An agent that takes too long and then only fails: requests that do not need it do not notice, and it is asked again
 * once it is well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { startDistributed } from '../graph/distributed.testing.ts';

const WELL = 'type Query { orders: Int @public }';
const ILL = 'type Query { stock: Int @public }';
const TIMEOUT_MS = 4000;
/** Longer than a fetch may take. */
const SLOW_MS = 2.5 * TIMEOUT_MS;
const OPEN_MS = 2500;

test('unrelated queries go on as before, the circuit opens and closes again', async () => {
  const timeouts = { query: TIMEOUT_MS, mutation: TIMEOUT_MS };
  const it = await startDistributed({ order: WELL, stock: ILL }, timeouts, OPEN_MS);
  let [asked, answered] = [0, 0];
  let behave: () => unknown = () => 5;
  const stockNow = () => {
    asked += 1;
    return behave();
  };
  try {
    await it.directory.add('order', WELL, { Query: { orders: () => 1 } });
    const stock = await it.directory.add('stock', ILL, { Query: { stock: stockNow } });
    await it.look();
    const circuit = () => it.breakers.list().find(({ name }) => name === 'agent:stock')?.state;
    const unrelated = async (): Promise<void> => {
      for (let n = 0; n < 40; n++) expect(await it.ask('{ orders }')).toEqual({ data: { orders: 1 } });
    };
    await unrelated();

    behave = () => sleep(SLOW_MS, 5, { ref: false });
    const waiting = Array.from({ length: 6 }, async () => {
      const answer = await it.ask('{ stock }');
      answered += 1;
      return answer;
    });
    await until('the slow one is asked', () => asked > 0);
    await unrelated();
    // Their answers came while all requests that need the slow agent still wait.
    expect(answered).toBe(0);
    for (const { errors } of await Promise.all(waiting))
      expect(errors).toMatchObject([
        { message: 'The agent stock did not answer.', extensions: { code: 'UNAVAILABLE' } },
      ]);
    expect(circuit()).toBe('OPEN');
    const askedUntilThen = asked;
    await it.ask('{ stock }');
    expect(asked).toBe(askedUntilThen);
    await unrelated();

    // Then the agent only fails: each probe keeps the circuit open.
    stock.fail(true);
    await sleep(OPEN_MS + 50);
    expect((await it.ask('{ stock }')).errors).toMatchObject([{ extensions: { agent: 'stock' } }]);
    expect(circuit()).toBe('OPEN');
    await unrelated();

    stock.fail(false);
    behave = () => 5;
    await sleep(OPEN_MS + 50);
    expect(await it.ask('{ stock orders }')).toEqual({ data: { stock: 5, orders: 1 } });
    expect(circuit()).toBe('CLOSED');
  } finally {
    await it.close();
  }
});
