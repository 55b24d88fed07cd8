import { expect, test } from '@jest/globals';
import { Bell } from './bell.ts';

const never = (): AbortSignal => new AbortController().signal;
const timed = async (wait: Promise<void>): Promise<number> => {
  const started = performance.now();
  await wait;
  return performance.now() - started;
};

test('a ring wakes who listens for its type, or for any, and nobody else', async () => {
  const bell = new Bell();
  const [any, mine, other] = [bell.listen(), bell.listen(['a']), bell.listen(['b'])];
  bell.ring(['a', 'c']);
  expect(await timed(any.idle(never()))).toBeLessThan(150);
  expect(await timed(mine.idle(never()))).toBeLessThan(150);
  expect(await timed(other.idle(never()))).toBeGreaterThanOrEqual(240);
});

test('a ring while nobody waits is heard by the next who does, once', async () => {
  const bell = new Bell();
  const ear = bell.listen();
  bell.ring();
  bell.ring();
  expect(await timed(ear.idle(never()))).toBeLessThan(150);
  // After a ring one looks again soon, and then less and less often.
  const waits = [];
  for (let n = 0; n < 6; n++) waits.push(await timed(ear.idle(never())));
  expect(waits[0]!).toBeLessThan(100);
  expect(waits[5]!).toBeGreaterThanOrEqual(150);
});

test('an abort ends the waiting at once', async () => {
  const controller = new AbortController();
  const waiting = timed(new Bell().listen().idle(controller.signal));
  controller.abort();
  expect(await waiting).toBeLessThan(150);
  expect(await timed(new Bell().listen().idle(controller.signal))).toBeLessThan(150);
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
