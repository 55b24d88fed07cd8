import { expect, test } from '@jest/globals';
import { ANONYMOUS } from '../identity/actor.ts';
import type { RequestContext } from './context.ts';
import { loadMany, loadOne, perRequest } from './per-request.ts';

const request = (): RequestContext => ({ actor: ANONYMOUS, correlationId: 'req_1' });

test('something is made once for a request, and anew for the next', () => {
  let made = 0;
  const get = perRequest(() => ({ n: ++made }));
  const [first, second] = [request(), request()];
  expect([get(first).n, get(first).n, get(second).n, get(first).n]).toEqual([1, 1, 2, 1]);
});

test('however many ask in one tick, there is one fetch, each key in it once, with the context', async () => {
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

test('what one request loaded, another does not see', async () => {
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

test('many rows a key come in the order of the fetch, and a key without any is an empty list', async () => {
  const rows = [3, 1, 2, 4].map((n) => ({ n, of: n % 2 ? 'odd' : 'even' }));
  const load = loadMany(
    async () => rows,
    (row) => row.of,
  );
  const context = request();
  const found = await Promise.all(['odd', 'none', 'even'].map((key) => load(context).load(key)));
  expect(found.map((list) => list.map(({ n }) => n))).toEqual([[3, 1], [], [2, 4]]);
});

test('a thousand keys go into one statement, and not more', async () => {
  const sizes: number[] = [];
  const load = loadOne(
    async (keys) => (sizes.push(keys.length), []),
    () => '',
  );
  await load(request()).loadMany(Array.from({ length: 2001 }, (_, n) => `${n}`));
  expect(sizes).toEqual([1000, 1000, 1]);
});

test('a fetch that fails fails for all that waited for it', async () => {
  const load = loadOne(
    () => Promise.reject(new Error('down')),
    () => '',
  );
  const context = request();
  const settled = await Promise.allSettled([load(context).load('a'), load(context).load('b')]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
