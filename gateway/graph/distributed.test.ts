import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ExecutionResult } from 'graphql';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { startDistributed } from './distributed.testing.ts';
import { until } from '../../tests/support/until.ts';

const ORDER = `
  type Query { order: Order @public  orders: Int @public }
  type Mutation { place: Int @public }
  type Subscription { ticked: Order @public }
  type Order @key(fields: "id") @public { id: ID! total: Int }`;
const STOCK = 'type Query { stock: Int @public } type Order @key(fields: "id") @public { id: ID! available: Int }';

let it: Awaited<ReturnType<typeof startDistributed>>;
let calls = { stock: 0, place: 0 };
/** How stock answers. */
let behave: () => unknown;
/** Timeouts of the gateway's fetches: ample, as the machine may be busy. */
let timeouts = { query: 10_000, mutation: 10_000 };
beforeEach(async () => {
  calls = { stock: 0, place: 0 };
  behave = () => 5;
  timeouts = { query: 10_000, mutation: 10_000 };
  it = await startDistributed({ order: ORDER, stock: STOCK }, timeouts);
});
afterEach(() => it.close());

const order = { id: 'o1', total: 3 };
const ORDERS = {
  Query: { order: () => ({ ...order }), orders: () => 1 },
  Mutation: { place: () => ++calls.place },
  Order: { __resolveReference: ({ id }: { id: string }) => ({ ...order, id }) },
};
const STOCKS = {
  Query: {
    stock: () => {
      calls.stock += 1;
      return behave();
    },
  },
  Order: { __resolveReference: ({ id }: { id: string }) => ({ id }), available: () => behave() },
};
const addBoth = async () => {
  const replicas = [await it.directory.add('order', ORDER, ORDERS), await it.directory.add('stock', STOCK, STOCKS)];
  await it.look();
  return { order: replicas[0]!, stock: replicas[1]! };
};

describe('the context of a fetch', () => {
  test('says whether it may read from a lagging standby: a query may, a mutation may not', async () => {
    const told: unknown[] = [];
    const note = (_: unknown, __: unknown, { mayLag }: RequestContext) => told.push(mayLag);
    await it.directory.add('order', ORDER, { Query: { orders: note }, Mutation: { place: note } });
    await it.look();
    await it.ask('{ orders }');
    await it.ask('mutation { place }');
    expect(told).toEqual([true, false]);
  });
});

const AWAY = { message: 'The agent stock did not answer.', code: 'UNAVAILABLE' };
const firstError = ({ errors }: { errors?: { message: string; extensions: Record<string, unknown> }[] }) => ({
  message: errors?.[0]?.message,
  code: errors?.[0]?.extensions.code,
});

describe('a gateway without agents', () => {
  test('answers what it can, and says of each field which agent is away', async () => {
    expect(it.watch.isSettled).toBe(false);
    await it.look();
    expect(it.watch.isSettled).toBe(true);
    const body = await it.ask('{ __typename order { id } stock __type(name: "Order") { name } }');
    expect(body.data).toEqual({ __typename: 'Query', order: null, stock: null, __type: { name: 'Order' } });
    expect(body.errors!.map(({ path, message, extensions }) => [path, message, extensions.agent]).sort()).toEqual([
      [['order'], 'The agent order did not answer.', 'order'],
      [['stock'], 'The agent stock did not answer.', 'stock'],
    ]);
  });

  test('looks for an agent at once when it is asked for, without waiting for the next poll', async () => {
    await it.look();
    await it.directory.add('stock', STOCK, STOCKS);
    expect(await it.ask('{ stock }')).toEqual({ data: { stock: 5 } });
  });

  test('finds the process that has come in place of one that died', async () => {
    const { stock } = await addBoth();
    stock.kill();
    await it.directory.add('stock', STOCK, STOCKS);
    expect(await it.ask('{ stock }')).toEqual({ data: { stock: 5 } });
  });

  test('asks agents as they come, without composing again', async () => {
    const before = it.gateway.supergraphSdl;
    await addBoth();
    expect(await it.ask('{ order { id total available } }')).toEqual({ data: { order: { ...order, available: 5 } } });
    expect(it.gateway.supergraphSdl).toBe(before);
  });
});

describe('an agent that does not answer costs its fields only', () => {
  test('when it is dead, and no address is told', async () => {
    const { stock } = await addBoth();
    stock.kill();
    const body = await it.ask('{ order { id available } }');
    expect(body.data).toEqual({ order: { id: 'o1', available: null } });
    expect(firstError(body)).toEqual(AWAY);
    expect(body.errors![0]!.path).toEqual(['order', 'available']);
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONN|http/);
  });

  test('when it is slow: others do not wait for longer than a fetch may take', async () => {
    await addBoth();
    const { promise, resolve } = Promise.withResolvers<number>();
    behave = () => promise;
    timeouts.query = 1500;
    const body = await it.ask('{ order { id } stock }');
    resolve(1);
    expect(body.data).toEqual({ order: { id: 'o1' }, stock: null });
    expect(firstError(body)).toEqual(AWAY);
  });

  test('and is left alone after failures in a row, until another process of it is there', async () => {
    const { stock } = await addBoth();
    stock.kill();
    for (let turn = 0; turn < 6; turn++) await it.ask('{ stock }');
    expect(it.breakers.list().find(({ name }) => name === 'agent:stock')).toMatchObject({ state: 'OPEN' });
    expect(firstError(await it.ask('{ stock }'))).toEqual(AWAY);
    it.directory.remove(stock);
    await it.directory.add('stock', STOCK, STOCKS);
    await it.look();
    expect(await it.ask('{ stock }')).toEqual({ data: { stock: 5 } });
  });

  test('but one that answers with errors is well', async () => {
    await addBoth();
    behave = () => {
      throw new Error('at db-3.internal');
    };
    for (let turn = 0; turn < 8; turn++) {
      const body = await it.ask('{ stock orders }');
      expect(body.data).toEqual({ stock: null, orders: 1 });
      expect(body.errors![0]!.extensions.code).toBe('INTERNAL_SERVER_ERROR');
      expect(JSON.stringify(body)).not.toContain('db-3');
    }
    expect(calls.stock).toBe(8);
    expect(it.breakers.list().find(({ name }) => name === 'agent:stock')).toMatchObject({ state: 'CLOSED' });
  });

  test('and nothing, while another process of it is there; a mutation is sent to one of them only', async () => {
    const { order: first } = await addBoth();
    await it.directory.add('order', ORDER, ORDERS);
    await it.look();
    first.kill();
    for (let turn = 0; turn < 4; turn++) expect(await it.ask('{ orders }')).toEqual({ data: { orders: 1 } });
    expect(await it.ask('mutation { place }')).toEqual({ data: { place: 1 } });
    expect(calls.place).toBe(1);
  });
});

describe('a change of one agent', () => {
  const MORE = STOCK.replace('stock: Int @public', 'stock: Int @public more: Int @public');
  const MORES = { ...STOCKS, Query: { ...STOCKS.Query, more: () => 7 } };

  test('is seen once every live process has it, and gone as soon as one has not; no request fails meanwhile', async () => {
    const { stock } = await addBoth();
    let isOver = false;
    const bodies: object[] = [];
    const load = (async () => {
      while (!isOver) bodies.push(await it.ask('{ order { id available } stock }'));
    })();
    const newer = await it.directory.add('stock', MORE, MORES);
    await it.look();
    expect((await it.ask('{ more }')).errors![0]!.message).toContain('Cannot query field "more"');
    it.directory.remove(stock);
    await it.look();
    for (let turn = 0; turn < 4; turn++) expect(await it.ask('{ more }')).toEqual({ data: { more: 7 } });
    it.directory.listed.push(stock);
    await it.look();
    expect((await it.ask('{ more }')).errors![0]!.message).toContain('Cannot query field "more"');
    it.directory.remove(newer);
    newer.kill();
    await it.look();
    isOver = true;
    await load;
    expect(new Set(bodies.map((body) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify({ data: { order: { id: 'o1', available: 5 }, stock: 5 } })]),
    );
  });

  test('may take a field away: no process is asked for a field that it does not serve, not even during composition', async () => {
    await addBoth();
    let isOver = false;
    const bodies: string[] = [];
    const load = (async () => {
      while (!isOver) bodies.push(JSON.stringify(await it.ask('{ stock orders }')));
    })();
    const less = STOCK.replace('stock: Int @public', 'count: Int @public');
    await it.directory.add('stock', less, { Order: STOCKS.Order });
    await it.look();
    const served = bodies.length;
    await until(() => bodies.length > served + 1);
    isOver = true;
    await load;
    expect(served).toBeGreaterThan(10);
    expect(new Set(bodies.filter((body) => !body.includes('Cannot query field')))).toEqual(
      new Set([JSON.stringify({ data: { stock: 5, orders: 1 } })]),
    );
    expect(bodies.at(-1)).toContain('Cannot query field');
  });

  test('that does not fit is refused with its reason, and the last good graph serves on', async () => {
    const { stock } = await addBoth();
    it.directory.remove(stock);
    const bad = await it.directory.add('stock', STOCK.replace('available: Int', 'total: String'), {});
    await it.look();
    expect(it.watch.state.composition).toMatchObject({
      status: 'REFUSED',
      refused: [{ agent: 'stock', reason: expect.stringContaining('total'), since: expect.any(Date) }],
    });
    const refusals = () => it.logged.filter(({ level }) => level === 'error');
    await it.look();
    expect(refusals()).toHaveLength(1);
    it.directory.listed.push(stock);
    it.directory.remove(bad);
    await it.look();
    expect(it.watch.state.composition).toMatchObject({ status: 'CURRENT', refused: [] });
    expect(await it.ask('{ order { available } }')).toEqual({ data: { order: { available: 5 } } });
  });

  test('may bring an agent that was never published', async () => {
    await addBoth();
    await it.directory.add('vendor', 'type Query { vendors: Int @public }', { Query: { vendors: () => 2 } });
    await it.look();
    expect(await it.ask('{ vendors stock }')).toEqual({ data: { vendors: 2, stock: 5 } });
  });
});

test('while the directory is away, the last known processes are asked', async () => {
  await addBoth();
  it.directory.isAway = true;
  await it.look();
  expect(it.watch.state.directory).toMatchObject({ status: 'DOWN' });
  expect(await it.ask('{ stock }')).toEqual({ data: { stock: 5 } });
});

test('a process too busy for heartbeats is asked, but counts as down, and a new field of such a one is not composed', async () => {
  const { stock } = await addBoth();
  const newer = await it.directory.add('order', `${ORDER} extend type Query { more: Int @public }`, ORDERS);
  stock.isLate = true;
  newer.isLate = true;
  const before = it.gateway.supergraphSdl;
  await it.look();
  expect(it.gateway.supergraphSdl).toBe(before);
  expect(await it.ask('{ stock }')).toEqual({ data: { stock: 5 } });
  expect(it.watch.state.subgraphs.find(({ name }) => name === 'stock')!.replicas).toEqual([]);
  newer.isLate = false;
  await it.look();
  it.directory.remove(
    it.directory.listed.find(({ agent, process }) => agent === 'order' && process !== newer.process)!,
  );
  await it.look();
  expect(it.gateway.schema.getQueryType()!.getFields().more).toBeDefined();
});

test('a subscription whose agent dies ends with an error that names the agent, over WebSocket', async () => {
  const ticks = (async function* () {
    yield { ticked: { ...order } };
    await new Promise(() => {});
  })();
  const replica = await it.directory.add('order', ORDER, {
    ...ORDERS,
    Subscription: { ticked: { subscribe: () => ticks } },
  });
  await it.directory.add('stock', STOCK, STOCKS);
  await it.look();
  const results: ExecutionResult[] = [];
  const client = it.client();
  let isOver = false;
  client.subscribe(
    { query: 'subscription { ticked { id available } }' },
    {
      next: (result) => void results.push(result as ExecutionResult),
      error: () => {},
      complete: () => (isOver = true),
    },
  );
  await until(() => results.length === 1);
  expect(results[0]).toEqual({ data: { ticked: { id: 'o1', available: 5 } } });
  replica.kill();
  await until(() => isOver);
  expect(results[1]!.errors![0]).toMatchObject({
    message: 'The agent order did not answer.',
    extensions: { code: 'UNAVAILABLE', agent: 'order' },
  });
});
