import { expect, test } from '@jest/globals';
import { LruCache } from './lru-cache.ts';

test('the one unused for longest goes first, when there are too many', () => {
  const kept = new LruCache<number>({ entries: 2, weight: 100 });
  kept.set('a', 1, 1);
  kept.set('b', 2, 1);
  expect(kept.get('a')).toBe(1);
  kept.set('c', 3, 1);
  expect([kept.has('a'), kept.has('b'), kept.has('c'), kept.size]).toEqual([true, false, true, 2]);
  expect([...kept.values()]).toEqual([1, 3]);
});

test('as many go as must, when they are too heavy; what is too heavy alone does not come', () => {
  const kept = new LruCache<string>({ entries: 10, weight: 10 });
  for (const key of ['a', 'b', 'c']) kept.set(key, key, 3);
  kept.set('d', 'd', 6);
  expect([...kept.values()]).toEqual(['c', 'd']);
  kept.set('e', 'e', 11);
  expect([...kept.values()]).toEqual(['c', 'd']);
});

test('what is set again weighs once, and what is gone nothing', () => {
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
