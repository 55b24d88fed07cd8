import { expect, jest, test } from '@jest/globals';
import { Bell } from './bell.ts';
import { Unavailable } from './errors.ts';
import { keepLooking } from './keep-looking.ts';

const LONG = 600_000;
const log = { warn: jest.fn() };

test('a ring during a look has it look again, and one before it does not', async () => {
  const bell = new Bell();
  const ending = new AbortController();
  let looks = 0;
  const look = async (): Promise<number> => {
    if (++looks === 1) bell.ring();
    else ending.abort();
    return LONG;
  };
  bell.ring();
  await keepLooking(look, { bell, log, complaint: '' }, ending.signal);
  expect(looks).toBe(2);
});

test('it looks again after the time that the look returned', async () => {
  const ending = new AbortController();
  let looks = 0;
  const look = async (): Promise<number> => (++looks === 3 && ending.abort(), 1);
  await keepLooking(look, { bell: new Bell(), log, complaint: '' }, ending.signal);
  expect(looks).toBe(3);
});

test('a look that meets a lost database is repeated, and any other error ends it', async () => {
  const bell = new Bell();
  const faults = [new Unavailable('away'), new Error('a defect')];
  const look = async (): Promise<number> => {
    throw faults.shift()!;
  };
  const looking = keepLooking(look, { bell, log, complaint: 'looks again' }, new AbortController().signal);
  await expect(looking).rejects.toThrow('a defect');
  expect(log.warn.mock.calls).toEqual([[{ err: expect.any(Unavailable) }, 'looks again']]);
});
