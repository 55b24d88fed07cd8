/** The memory of the in-process services is bounded. */
import { expect, test } from '@jest/globals';
import { LocalCache } from './cache.ts';
import { LocalLimiter } from './limiter.ts';
import { LocalNonces } from './nonces.ts';

test('the cache evicts the least recently used value, by number and by size', async () => {
  const cache = new LocalCache({ entries: 2, characters: 100 });
  await cache.set('a', '1', 60);
  await cache.set('b', '2', 60);
  await cache.get('a');
  await cache.set('c', '3', 60);
  expect(await Promise.all(['a', 'b', 'c'].map((key) => cache.get(key)))).toEqual(['1', undefined, '3']);
  await cache.set('d', 'x'.repeat(98), 60);
  expect(await Promise.all(['a', 'c', 'd'].map((key) => cache.get(key)))).toEqual([
    undefined,
    undefined,
    'x'.repeat(98),
  ]);
  await cache.set('d', 'small', 60);
  await cache.set('e', 'x'.repeat(93), 60);
  expect(await cache.get('d')).toBe('small');
});

test('nonces beyond the limit are dropped, the oldest first', async () => {
  const once = new LocalNonces(2);
  for (const key of ['a', 'b', 'c']) await once.first(key, 60);
  expect(await once.first('c', 60)).toBe(false);
  expect(await once.first('b', 60)).toBe(false);
  expect(await once.first('a', 60)).toBe(true);
});

test('buckets beyond the limit are full again, the least recently used first', async () => {
  const limiter = new LocalLimiter(2);
  const limit = { capacity: 1, perSeconds: 1000 };
  for (const key of ['a', 'b', 'c']) await limiter.take(key, 1, limit);
  expect((await limiter.take('c', 1, limit)).allowed).toBe(false);
  expect((await limiter.take('a', 1, limit)).allowed).toBe(true);
});
