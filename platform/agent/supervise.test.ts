import { expect, test } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { delayAfter, RESTART, supervise } from './supervise.ts';

const QUICK = { limit: 3, initialMs: 1, maxMs: 4, rareMs: 10, stableMs: 40 };

function supervised(part: (run: number, signal: AbortSignal) => Promise<void>) {
  const controller = new AbortController();
  const told = { runs: 0, failures: [] as string[], broken: 0, mended: 0 };
  const done = supervise((signal) => part(++told.runs, signal), {
    signal: controller.signal,
    pace: QUICK,
    onFailure: (error) => told.failures.push((error as Error).message),
    onBroken: () => told.broken++,
    onMended: () => told.mended++,
  });
  return { told, end: () => (controller.abort(), done) };
}

const forever = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test('a part that fails is restarted, and a part that runs is left alone', async () => {
  const { told, end } = supervised((run, signal) =>
    run < 3 ? Promise.reject(new Error(`no ${run}`)) : forever(signal),
  );
  await until('it runs', () => told.runs === 3);
  await end();
  expect(told).toEqual({ runs: 3, failures: ['no 1', 'no 2'], broken: 0, mended: 0 });
});

test('a part that ends without being asked to has failed too', async () => {
  const { told, end } = supervised((run, signal) => (run === 1 ? Promise.resolve() : forever(signal)));
  await until('it runs again', () => told.runs === 2);
  await end();
  expect(told.failures).toEqual(['it ended without being asked to']);
});

test('a part at the limit is broken, reported once, retried rarely, and mended after a stable while', async () => {
  const { told, end } = supervised((run, signal) => (run < 6 ? Promise.reject(new Error('no')) : forever(signal)));
  await until('it is mended', () => told.mended === 1);
  await end();
  expect(told).toMatchObject({ runs: 6, broken: 1, mended: 1 });
});

test('a failure after the abort is ignored', async () => {
  const { told, end } = supervised(async (_, signal) => {
    await forever(signal);
    throw new Error('closed');
  });
  await end();
  expect(told.failures).toEqual([]);
});

test('the backoff grows exponentially up to a limit, with jitter, and is long once the part is broken', () => {
  for (const [failures, most] of [
    [1, 200],
    [2, 400],
    [4, 1600],
  ] as const) {
    const delays = Array.from({ length: 50 }, () => delayAfter(failures, RESTART));
    expect(Math.max(...delays)).toBeLessThanOrEqual(most);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(most / 2);
    expect(new Set(delays).size).toBeGreaterThan(10);
  }
  expect(delayAfter(5, RESTART)).toBe(60_000);
});
