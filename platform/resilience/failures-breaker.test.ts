import { expect, test } from '@jest/globals';
import { CircuitState } from 'cockatiel';
import { FailuresBreaker } from './failures-breaker.ts';

const { Closed, HalfOpen } = CircuitState;

function breakerOf(withinMs?: number) {
  const clock = { now: 0 };
  const breaker = new FailuresBreaker({ failures: 5, withinMs, now: () => clock.now });
  const fail = (times: number) => Array.from({ length: times }, () => breaker.failure(Closed));
  const succeed = (times: number) => Array.from({ length: times }, () => breaker.success(Closed));
  return { clock, breaker, fail, succeed };
}

test('the fifth failure in a row opens the circuit, and an answer resets the count', () => {
  const { fail, succeed } = breakerOf();
  expect(fail(4)).not.toContain(true);
  succeed(1);
  expect(fail(5)).toEqual([false, false, false, false, true]);
});

test('with a window, a few slow failures after many successes do not open the circuit', () => {
  const { clock, fail, succeed } = breakerOf(10_000);
  succeed(16);
  clock.now = 5000;
  expect(fail(8)).not.toContain(true);
});

test('with a window, the circuit opens once half of the calls in it have failed, the last five in a row', () => {
  const { clock, fail, succeed } = breakerOf(10_000);
  succeed(8);
  clock.now = 5000;
  expect(fail(8)).toEqual([...Array(7).fill(false), true]);
});

test('calls before the window do not count', () => {
  const { clock, fail, succeed } = breakerOf(10_000);
  succeed(1000);
  clock.now = 10_001;
  expect(fail(5).at(-1)).toBe(true);
});

test('a failed probe keeps the circuit open, and a successful one resets the window', () => {
  const { breaker, fail } = breakerOf(10_000);
  fail(5);
  expect(breaker.failure(HalfOpen)).toBe(true);
  breaker.success(HalfOpen);
  expect(breaker.state).toBe(0);
  expect(fail(4)).not.toContain(true);
});
