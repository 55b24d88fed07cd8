import { expect, test } from '@jest/globals';
import { Unavailable } from '../errors.ts';
import { Breakers } from './breakers.ts';
import { guardedPool, isDatabaseAway } from './guarded-pool.ts';
import { POLICIES } from './policies.ts';

function pool(error: () => Error | undefined) {
  const world = { asked: 0 };
  const connect = async () => {
    world.asked++;
    const failure = error();
    if (failure) throw failure;
    return {} as never;
  };
  const guard = new Breakers().guard('*', 'database', { policy: POLICIES.database, isIllness: isDatabaseAway });
  return { world, guard, pool: guardedPool({ connect, end: async () => {}, options: {} }, guard) };
}

const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

test('a dead database is asked five times, then callers fail at once, and it is back in a second', async () => {
  let isAway = true;
  const it = pool(() => (isAway ? refused() : undefined));
  for (let n = 0; n < 20; n++) await expect(it.pool.connect()).rejects.toThrow(/ECONNREFUSED|left alone/);
  expect(it.world.asked).toBe(5);
  await expect(it.pool.connect()).rejects.toBeInstanceOf(Unavailable);
  isAway = false;
  await new Promise((resolve) => setTimeout(resolve, 1050));
  await it.pool.connect();
  expect(it.guard.state.state).toBe('CLOSED');
});

test('an exhausted connection pool does not count against the database', async () => {
  const it = pool(() => new Error('timeout exceeded when trying to connect'));
  for (let n = 0; n < 9; n++) await expect(it.pool.connect()).rejects.toThrow('timeout exceeded');
  expect(it.world.asked).toBe(9);
});
