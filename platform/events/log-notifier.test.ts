import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LogNotifier } from './log-notifier.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const never = (): AbortSignal => new AbortController().signal;

/** The duration of a wait, in milliseconds of a clock that only we move. */
async function timed(wait: Promise<void>): Promise<number> {
  let isOver = false;
  void wait.then(() => (isOver = true));
  let waited = 0;
  for (await jest.advanceTimersByTimeAsync(0); !isOver; waited++) await jest.advanceTimersByTimeAsync(1);
  return waited;
}

const GATHER = 10;
const SOONEST = 5;
const BACKSTOP = 500;
const UNTOLD = 250;

test('a notification wakes the waiters for its type, or for any, and no others', async () => {
  const notifier = new LogNotifier();
  const [any, mine, other] = [notifier.listen(), notifier.listen(['a']), notifier.listen(['b'])];
  notifier.notify(['a', 'c']);
  expect(await timed(any.idle(never()))).toBe(GATHER);
  expect(await timed(mine.idle(never()))).toBe(GATHER);
  expect(await timed(other.idle(never()))).toBe(BACKSTOP);
});

test('a notification between two waits ends the next one, once', async () => {
  const notifier = new LogNotifier();
  const waiter = notifier.listen();
  notifier.notify();
  notifier.notify();
  expect(await timed(waiter.idle(never()))).toBe(GATHER);
  // After a notification the polls begin soon and back off.
  const waits = [];
  for (let n = 0; n < 8; n++) waits.push(await timed(waiter.idle(never())));
  expect(waits).toEqual([SOONEST, 10, 20, 40, 80, 160, 320, BACKSTOP]);
});

test('readers poll more often while the relay is down', async () => {
  let isConnected = false;
  const relay = {
    get isConnected() {
      return isConnected;
    },
    send: () => {},
    onNotify: () => {},
    onChange: () => {},
  };
  const waiter = new LogNotifier(relay).listen();
  expect(await timed(waiter.idle(never()))).toBe(UNTOLD);
  isConnected = true;
  await timed(waiter.idle(never()));
  expect(await timed(waiter.idle(never()))).toBe(BACKSTOP);
});

test('an abort ends the waiting at once', async () => {
  const controller = new AbortController();
  const waiting = timed(new LogNotifier().listen().idle(controller.signal));
  controller.abort();
  expect(await waiting).toBe(0);
  expect(await timed(new LogNotifier().listen().idle(controller.signal))).toBe(0);
});

test('a closed waiter is not notified any more', async () => {
  const notifier = new LogNotifier();
  const waiter = notifier.listen();
  let heard = 0;
  waiter.hear = () => heard++;
  notifier.notify();
  waiter.close();
  notifier.notify();
  expect(heard).toBe(1);
});
