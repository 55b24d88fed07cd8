import { expect, test } from '@jest/globals';
import { ANONYMOUS } from '../identity/actor.ts';
import type { RequestContext } from './context.ts';
import { resolversOf } from './resolvers.ts';
import { forgetLoaded, loadMany, loadOne, perRequest } from './per-request.ts';
import { createSubgraph } from './subgraph.ts';
import { typeDefsOf } from './type-defs.ts';

const request = (): RequestContext => ({ actor: ANONYMOUS, correlationId: 'req_1' });

test('a value is made once for a request, and anew for the next', () => {
  let made = 0;
  const get = perRequest(() => ({ n: ++made }));
  const [first, second] = [request(), request()];
  expect([get(first).n, get(first).n, get(second).n, get(first).n]).toEqual([1, 1, 2, 1]);
});

test('all loads of one tick share one fetch, with each key once, and the context', async () => {
  const fetches: (readonly string[])[] = [];
  const load = loadOne(
    async (keys, context) => {
      fetches.push(keys);
      expect(context.correlationId).toBe('req_1');
      return keys
        .filter((key) => key !== 'b')
        .map((key) => ({ key }))
        .toReversed();
    },
    (row) => row.key,
  );
  const context = request();
  const rows = await Promise.all(['a', 'b', 'c', 'a'].map((key) => load(context).load(key)));
  expect(rows).toEqual([{ key: 'a' }, null, { key: 'c' }, { key: 'a' }]);
  expect(fetches).toEqual([['a', 'b', 'c']]);
});

test('a request does not see the rows that another has loaded', async () => {
  let fetches = 0;
  const load = loadOne(
    async (keys) => (fetches++, keys.map((key) => ({ key }))),
    (row: { key: string }) => row.key,
  );
  const context = request();
  await load(context).load('a');
  await load(context).load('a');
  await load(request()).load('a');
  expect(fetches).toBe(2);
});

test('many rows of a key are in the order of the fetch, and a key without any loads as an empty list', async () => {
  const rows = [3, 1, 2, 4].map((n) => ({ n, of: n % 2 ? 'odd' : 'even' }));
  const load = loadMany(
    async () => rows,
    (row) => row.of,
  );
  const context = request();
  const found = await Promise.all(['odd', 'none', 'even'].map((key) => load(context).load(key)));
  expect(found.map((list) => list.map(({ n }) => n))).toEqual([[3, 1], [], [2, 4]]);
});

test('a statement loads at most a thousand keys', async () => {
  const sizes: number[] = [];
  const load = loadOne(
    async (keys) => (sizes.push(keys.length), []),
    () => '',
  );
  await load(request()).loadMany(Array.from({ length: 2001 }, (_, n) => `${n}`));
  expect(sizes).toEqual([1000, 1000, 1]);
});

test('a failed fetch fails for all loads that waited for it', async () => {
  const load = loadOne(
    () => Promise.reject(new Error('down')),
    () => '',
  );
  const context = request();
  const settled = await Promise.allSettled([load(context).load('a'), load(context).load('b')]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('forgotten rows are loaded anew, also by a loader that is already held; other requests keep theirs', async () => {
  let n = 0;
  const load = loadOne(
    async (keys) => keys.map((key) => ({ key, n: ++n })),
    (row: { key: string; n: number }) => row.key,
  );
  const state = perRequest(() => ({ n: ++n }));
  const [context, other] = [request(), request()];
  const held = load(context);
  expect([(await held.load('a'))!.n, (await load(other).load('a'))!.n, state(context).n]).toEqual([1, 2, 3]);
  forgetLoaded(context);
  expect([(await held.load('a'))!.n, (await load(other).load('a'))!.n, state(context).n]).toEqual([4, 2, 5]);
});

test.each([undefined, new AbortController().signal])(
  'each mutation of an operation, and its answer, reads the current rows',
  async (signal) => {
    const typeDefs = typeDefsOf(`
      type Query { thing: Thing }
      type Mutation { add: Thing addLate: Thing refuse: Thing }
      type Thing @key(fields: "id") { id: ID! size: Int below: Thing }
    `);
    let size = 0;
    const thing = loadOne(
      async (ids) => ids.map((id) => ({ id, size })),
      (row: { id: string; size: number }) => row.id,
    );
    const add = async (): Promise<string> => ((size += 1), 'a');
    const resolvers = resolversOf(typeDefs, {
      Query: { thing: (_: unknown, __: object, context: RequestContext) => thing(context).load('a') },
      Mutation: {
        // The loader is taken before the change is made.
        add: async (_: unknown, __: object, context: RequestContext) => thing(context).load(await add()),
        addLate: async (_: unknown, __: object, context: RequestContext) => {
          await thing(context).load('a');
          await add();
          return { id: 'a', size };
        },
        refuse: async (_: unknown, __: object, context: RequestContext) => {
          await thing(context).load('a');
          await add();
          throw new Error('refused');
        },
      },
      Thing: { below: (_: unknown, __: object, context: RequestContext) => thing(context).load('a') },
    });
    const subgraph = createSubgraph('things', typeDefs, resolvers);
    const context = { ...request(), signal };
    const query =
      'mutation { a: add { size below { size } } b: add { size below { size } } c: addLate { below { size } } refuse { id } d: add { size } }';
    expect((await subgraph.execute({ query: '{ thing { size } }' }, context)).data).toMatchObject({
      thing: { size: 0 },
    });
    const { data } = await subgraph.execute({ query }, context);
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      a: { size: 1, below: { size: 1 } },
      b: { size: 2, below: { size: 2 } },
      c: { below: { size: 3 } },
      refuse: null,
      d: { size: 5 },
    });
    // As another agent of the same request would, for the rest of its answer.
    expect((await subgraph.execute({ query: '{ thing { size } }' }, context)).data).toMatchObject({
      thing: { size: 5 },
    });
  },
);
