import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { watchQueues } from './engine-polls.ts';

/** The queues of each poll. */
let asked: string[];
let waiting: string[];
let committedAt: number;
const pool = {
  query: async (_: string, [queues]: [string[]]) => {
    asked.push(queues.join(' '));
    return { rows: waiting.filter((name) => queues.includes(name)).map((queue) => ({ queue })) };
  },
};
const looks = { pool: pool as never, notifiedAt: () => committedAt };

beforeEach(() => {
  jest.useFakeTimers({ now: 100_000 });
  jest.advanceTimersByTime(10_000);
  [asked, waiting, committedAt] = [[], [], -Infinity];
});
afterEach(() => void jest.useRealTimers());

/** Polls as the engine does: one queue often and three seldom. */
async function poll(waitsIn: (queue: string) => Promise<boolean>, milliseconds: number): Promise<string[]> {
  const found: string[] = [];
  for (let ms = 0; ms < milliseconds; ms += 25) {
    for (const queue of ms % 250 === 0 ? ['often', 'b', 'c', 'd'] : ['often'])
      if (await waitsIn(queue)) found.push(queue);
    jest.advanceTimersByTime(25);
  }
  return found;
}

test('one poll does for all queues while it is quiet', async () => {
  expect(await poll(watchQueues(looks), 2000)).toEqual([]);
  expect(asked).toEqual(['often', ...Array.from({ length: 7 }, () => 'often b c d')]);
});

test('each queue is polled by itself after a commit', async () => {
  committedAt = performance.now();
  await poll(watchQueues(looks), 400);
  expect(asked.filter((queue) => queue === 'often')).toHaveLength(16);
  expect(asked.filter((queues) => queues.includes(' '))).toEqual([]);
});

test('a saga started without a notification is found in any queue, and polls are frequent afterwards', async () => {
  const waitsIn = watchQueues(looks);
  await poll(waitsIn, 1000);
  waiting = ['often', 'b'];
  const found = await poll(waitsIn, 500);
  expect(found.filter((queue) => queue === 'b')).toHaveLength(2);
  expect(found.filter((queue) => queue === 'often').length).toBeGreaterThan(15);
});

test('each queue is polled by itself if commits are not notified', async () => {
  await poll(watchQueues({ pool: pool as never }), 500);
  expect(asked).toHaveLength(26);
});

test('a poll that fails tells that a saga may be there', async () => {
  const failing = { query: async () => Promise.reject(new Error('away')) };
  expect(await watchQueues({ ...looks, pool: failing as never })('often')).toBe(true);
});
