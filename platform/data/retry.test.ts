import { expect, test } from '@jest/globals';
import { Unavailable } from '../errors.ts';
import { afterLostRace, afterTransient } from './retry.ts';

const failing = (times: number, error: Error) => {
  let calls = 0;
  return async (): Promise<number> => {
    if (++calls <= times) throw error;
    return calls;
  };
};
const coded = (code: string): Error => Object.assign(new Error(code), { code });

test.each(['40001', '40P01', '55P03'])('a transaction that lost a race (%s) is retried', async (code) => {
  expect(await afterLostRace.execute(failing(2, coded(code)))).toBe(3);
});

test.each(['08006', '57P01', 'ECONNRESET', '23505'])(
  'a transaction that may have been committed (%s) is not retried without an idempotency key',
  async (code) => {
    await expect(afterLostRace.execute(failing(1, coded(code)))).rejects.toThrow(code);
  },
);

test('any transient fault is retried with an idempotency key', async () => {
  expect(await afterTransient.execute(failing(2, coded('08006')))).toBe(3);
  expect(await afterTransient.execute(failing(1, new Unavailable('away')))).toBe(2);
  await expect(afterTransient.execute(failing(1, coded('23505')))).rejects.toThrow('23505');
});

test('the fault is thrown after the last attempt', async () => {
  await expect(afterLostRace.execute(failing(5, coded('40P01')))).rejects.toThrow('40P01');
  expect(await afterLostRace.execute(failing(4, coded('40P01')))).toBe(5);
});
