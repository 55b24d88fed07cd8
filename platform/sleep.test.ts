import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { sleep } from './sleep.ts';

test('a sleep lasts as long as it should, and removes its listener from the signal', async () => {
  const { signal } = new AbortController();
  const started = performance.now();
  await sleep(30, signal);
  expect(performance.now() - started).toBeGreaterThanOrEqual(29);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('an abort ends a sleep at once, without an error', async () => {
  const controller = new AbortController();
  const slept = sleep(60_000, controller.signal);
  controller.abort();
  await expect(slept).resolves.toBeUndefined();
  await expect(sleep(60_000, controller.signal)).resolves.toBeUndefined();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});
