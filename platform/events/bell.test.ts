import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Bell } from './bell.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const never = (): AbortSignal => new AbortController().signal;

/** How long something waits, in milliseconds of a clock that only we move. */
async function timed(wait: Promise<void>): Promise<number> {
  let isOver = false;
  void wait.then(() => (isOver = true));
  let waited = 0;
  for (await jest.advanceTimersByTimeAsync(0); !isOver; waited++) await jest.advanceTimersByTimeAsync(1);
  return waited;
}

const GATHER = 10;
const SOONEST = 5;
const BACKSTOP = 250;

test('a ring wakes who listens for its type, or for any, and nobody else', async () => {
  const bell = new Bell();
  const [any, mine, other] = [bell.listen(), bell.listen(['a']), bell.listen(['b'])];
  bell.ring(['a', 'c']);
  expect(await timed(any.idle(never()))).toBe(GATHER);
  expect(await timed(mine.idle(never()))).toBe(GATHER);
  expect(await timed(other.idle(never()))).toBe(BACKSTOP);
});

test('a ring while nobody waits is heard by the next who does, once', async () => {
  const bell = new Bell();
  const ear = bell.listen();
  bell.ring();
  bell.ring();
  expect(await timed(ear.idle(never()))).toBe(GATHER);
  // After a ring one looks again soon, and then less and less often.
  const waits = [];
  for (let n = 0; n < 7; n++) waits.push(await timed(ear.idle(never())));
  expect(waits).toEqual([SOONEST, 10, 20, 40, 80, 160, BACKSTOP]);
});

test('an abort ends the waiting at once', async () => {
  const controller = new AbortController();
  const waiting = timed(new Bell().listen().idle(controller.signal));
  controller.abort();
  expect(await waiting).toBe(0);
  expect(await timed(new Bell().listen().idle(controller.signal))).toBe(0);
});

test('a closed ear is not rung any more', async () => {
  const bell = new Bell();
  const ear = bell.listen();
  let heard = 0;
  ear.hear = () => heard++;
  bell.ring();
  ear.close();
  bell.ring();
  expect(heard).toBe(1);
});
