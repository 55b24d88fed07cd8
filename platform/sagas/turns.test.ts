import { expect, test } from '@jest/globals';
import { Turns } from './turns.ts';

const later = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

test('only so many steps run at a time, and the waiting one with the lowest place is next', async () => {
  const turns = new Turns(2);
  let [now, most] = [0, 0];
  const begun: number[] = [];
  const work = (place: number) =>
    turns.take(place, async () => {
      begun.push(place);
      most = Math.max(most, ++now);
      await later();
      now--;
    });
  await Promise.all([5, 9, 7, 3, 8, 3, 4].map(work));
  expect(most).toBe(2);
  expect(begun).toEqual([5, 9, 3, 3, 4, 7, 8]);
});

test('work that fails passes its turn on', async () => {
  const turns = new Turns(1);
  const failing = turns.take(0, () => Promise.reject(new Error('no')));
  const next = turns.take(1, async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
  expect(await turns.take(2, async () => 'and again')).toBe('and again');
});
