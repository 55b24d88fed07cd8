import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { Bell } from './bell.ts';

const { signal } = new AbortController();
const LONG = 600_000;

test('a ring ends a wait at once, and leaves nothing at the signal', async () => {
  const bell = new Bell();
  const waited = bell.wait(signal, LONG);
  bell.ring();
  await waited;
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a ring while nobody waits ends the next wait, unless it is silenced', async () => {
  const bell = new Bell();
  bell.ring();
  await bell.wait(signal, LONG);
  expect(bell.hasRung).toBe(true);
  bell.silence();
  expect(bell.hasRung).toBe(false);
  await bell.wait(signal, 1);
  expect(bell.hasRung).toBe(false);
});

test('an abort ends a wait, with and without a limit, and leaves nothing to wait for', async () => {
  const bell = new Bell();
  for (const atMost of [LONG, undefined]) {
    const ending = new AbortController();
    const waited = bell.wait(ending.signal, atMost);
    ending.abort();
    await waited;
    await bell.wait(ending.signal, atMost);
    expect(getEventListeners(ending.signal, 'abort')).toHaveLength(0);
  }
});
