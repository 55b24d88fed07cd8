import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ExecutionResult, parse } from 'graphql';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { createSubgraph, type Subgraph } from '../../platform/graphql/subgraph.ts';
import { startGateway, subgraphsOf, type World } from '../gateway.testing.ts';
import { until } from '../../tests/support/until.ts';
import { graphOf } from './graph.ts';

let it: Awaited<ReturnType<typeof startGateway>>;
beforeEach(async () => {
  it = await startGateway();
});
afterEach(() => it.gateway.close());

interface Body {
  data?: Record<string, unknown>;
  errors?: { message: string; extensions: Record<string, unknown> }[];
}
const ask = async (query: string): Promise<Body> => (await (await it.post(query)).json()) as Body;

/** The same subgraphs and one more, with one field of the given name. */
const withField = (world: World, field: string): Subgraph[] => [
  ...subgraphsOf(world),
  createSubgraph('extra', parse(`${LINKS} type Query { ${field}: Int @public }`), { Query: { [field]: () => 1 } }),
];
const event = (seq: number) => ({ seq, order: { id: 'o1', customer: { __typename: 'Customer', id: 'u2' } } });

function collect(query: string) {
  const state = { results: [] as ExecutionResult[], isComplete: false, dispose: () => {} };
  const client = it.client('Bearer ada');
  client.subscribe(
    { query },
    {
      next: (result) => void state.results.push(result as ExecutionResult),
      error: () => {},
      complete: () => (state.isComplete = true),
    },
  );
  state.dispose = () => void client.dispose();
  return state;
}

describe('a new graph', () => {
  test('takes over under load: no request fails, and the new field is there at once', async () => {
    let isOver = false;
    const bodies: Body[] = [];
    const load = Array.from({ length: 8 }, async () => {
      while (!isOver) bodies.push(await ask('{ order(id: "o1") { id customer { name } } }'));
    });
    for (const field of ['first', 'second', 'third']) {
      await it.gateway.swap(graphOf(withField(it.world, field)));
      expect((await ask(`{ ${field} }`)).data).toEqual({ [field]: 1 });
      const done = bodies.length;
      await until(() => bodies.length > done + 8);
    }
    isOver = true;
    await Promise.all(load);
    expect(bodies.filter(({ errors }) => errors)).toEqual([]);
    expect((await ask('{ first }')).errors![0]!.message).toContain('Cannot query field "first"');
  });

  test('has plans for the most used documents before it serves', async () => {
    const queries = [
      '{ order(id: "o1") { id customer { name } } }',
      'query A { orders { id } } query B { thrown { deep } }',
    ];
    await ask(queries[0]!);
    await it.post(queries[1]!, { operationName: 'A' });
    const calls = it.world.calls.length;
    await it.gateway.swap(graphOf(withField(it.world, 'first')));
    expect(it.gateway.plans).toBe(2);
    expect(it.world.calls).toHaveLength(calls);
    await ask(queries[0]!);
    await it.post(queries[1]!, { operationName: 'A' });
    // The executor found both plans under the keys that they were put by.
    expect(it.gateway.plans).toBe(2);
  });

  test('with an undecided field is refused, and the old one serves on', async () => {
    const undecided = createSubgraph('extra', parse(`${LINKS} type Query { first: Int @public second: Int }`), {});
    const graph = graphOf([...subgraphsOf(it.world), undecided]);
    await expect(it.gateway.swap(graph)).rejects.toThrow(/No decision.*Query\.second/);
    expect((await ask('{ order(id: "o1") { id } }')).data).toEqual({ order: { id: 'o1' } });
    expect(it.gateway.graphVersions).toBe(1);
  });

  test('lets operations under way end on the old one, which is then released', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const slow = createSubgraph('slow', parse(`${LINKS} type Query { slow: Int @public }`), {
      Query: { slow: () => promise },
    });
    await it.gateway.swap(graphOf([...subgraphsOf(it.world), slow]));
    const answer = ask('{ slow }');
    await until(() => it.gateway.uses === 1);
    const old = new WeakRef(it.gateway.schema);
    await it.gateway.swap(graphOf(subgraphsOf(it.world)));
    expect(it.gateway.graphVersions).toBe(2);
    resolve(7);
    expect((await answer).data).toEqual({ slow: 7 });
    await until(() => it.gateway.graphVersions === 1);
    await ask('{ order(id: "o1") { id } }');
    await collected(old);
  });
});

/** Waits until the object is garbage-collected. @throws Error if it is not after many collections */
async function collected(reference: WeakRef<object>): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 50 && reference.deref(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  if (reference.deref()) throw new Error('It is still held.');
}

describe('an open subscription', () => {
  test('goes over to the new graph: no event is lost or comes twice, and the old graph is free', async () => {
    const stream = collect('subscription { ticked { seq order { id customer { name } } } }');
    await until(() => it.world.listeners.size === 1);
    it.world.emit(event(1));
    await until(() => stream.results.length === 1);
    const old = new WeakRef(it.gateway.schema);
    for (const [turn, field] of ['first', 'second'].entries()) {
      it.world.emit(event(2 * turn + 2));
      await it.gateway.swap(graphOf(withField(it.world, field)));
      it.world.emit(event(2 * turn + 3));
    }
    await until(() => stream.results.length === 5 && it.gateway.graphVersions === 1);
    const order = { id: 'o1', customer: { name: 'Bob' } };
    expect(stream.results).toEqual([1, 2, 3, 4, 5].map((seq) => ({ data: { ticked: { seq, order } } })));
    expect(it.world.listeners.size).toBe(1);
    await collected(old);
    stream.dispose();
  });

  test('that does not fit the new graph is ended with a reason, also while no event comes', async () => {
    const stream = collect('subscription { ticked { seq order { id customer { email } } } }');
    await until(() => it.world.listeners.size === 1);
    const [order, customer, trouble] = subgraphsOf(it.world);
    const without = customer!.sdl.replace(/email: String @authenticated/, '');
    await it.gateway.swap(graphOf([order!, createSubgraph('customer', parse(without), {}), trouble!]));
    await until(() => stream.isComplete);
    expect(stream.results).toHaveLength(1);
    expect(stream.results[0]!.errors![0]).toMatchObject({
      message: expect.stringContaining('`after`'),
      extensions: { code: 'GRAPH_CHANGED' },
    });
    await until(() => it.world.listeners.size === 0 && it.gateway.graphVersions === 1);
  });
});
