import { expect, test } from '@jest/globals';
import { LruCache } from './lru-cache.ts';

test('the least recently used entry is evicted when there are too many', () => {
  const kept = new LruCache<number>({ entries: 2, weight: 100 });
  kept.set('a', 1, 1);
  kept.set('b', 2, 1);
  expect(kept.get('a')).toBe(1);
  kept.set('c', 3, 1);
  expect([kept.has('a'), kept.has('b'), kept.has('c'), kept.size]).toEqual([true, false, true, 2]);
  expect([...kept.values()]).toEqual([1, 3]);
});

test('as many entries as needed are evicted by weight; one that is too heavy alone is not cached', () => {
  const kept = new LruCache<string>({ entries: 10, weight: 10 });
  for (const key of ['a', 'b', 'c']) kept.set(key, key, 3);
  kept.set('d', 'd', 6);
  expect([...kept.values()]).toEqual(['c', 'd']);
  kept.set('e', 'e', 11);
  expect([...kept.values()]).toEqual(['c', 'd']);
});

test('an entry that is set again weighs once, and a removed one nothing', () => {
  const kept = new LruCache<string>({ entries: 10, weight: 10 });
  for (let n = 0; n < 5; n++) kept.set('a', 'a', 9);
  expect(kept.delete('a')).toBe(true);
  expect(kept.delete('a')).toBe(false);
  kept.set('b', 'b', 10);
  expect(kept.get('b')).toBe('b');
  kept.clear();
  kept.set('c', 'c', 10);
  expect([...kept.values()]).toEqual(['c']);
});
