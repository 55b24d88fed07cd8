import { beforeEach, expect, test } from '@jest/globals';
import { ReplayLag } from './replay-lag.ts';

let trail: ReplayLag;
const primary = (at: number, position: number, system = 'one'): void =>
  trail.primary(at, { system, position: BigInt(position) });
const standby = (position: number): void => trail.standby(BigInt(position));
const follow = (at: number, position: number, replayed = position): void => {
  primary(at, position);
  standby(replayed);
};

beforeEach(() => {
  trail = new ReplayLag();
});

test('a standby is as of the last time of the primary that it has reached', () => {
  primary(0, 100);
  standby(100);
  primary(1000, 150);
  standby(120);
  expect(trail.asOf).toBe(0);
  primary(2000, 200);
  standby(150);
  expect(trail.asOf).toBe(1000);
  standby(200);
  expect(trail.asOf).toBe(2000);
});

test('an idle primary causes no lag, however long', () => {
  primary(0, 100);
  standby(100);
  for (let at = 1000; at <= 60_000; at += 1000) follow(at, 100);
  expect(trail.asOf).toBe(60_000);
});

test('the lag of a standby that stands still grows, also for hours', () => {
  primary(0, 100);
  standby(100);
  for (let n = 1; n <= 5000; n++) follow(n * 1000, 100 + n, 100);
  expect(trail.asOf).toBe(0);
  standby(5100);
  expect(trail.asOf).toBe(5_000_000);
});

test('the lag is unknown at first, and until the standby has reached the primary’s first position', () => {
  expect(trail.asOf).toBeUndefined();
  primary(0, 100);
  standby(50);
  primary(1000, 200);
  standby(99);
  expect([trail.asOf, trail.since]).toEqual([undefined, 0]);
  standby(100);
  expect(trail.asOf).toBe(0);
});

test('a standby ahead of its primary has another history, and is not trusted when the primary catches up', () => {
  primary(0, 100);
  standby(500);
  expect(trail.asOf).toBeUndefined();
  primary(1000, 200);
  standby(500);
  expect(trail.asOf).toBeUndefined();
  primary(2000, 600);
  standby(500);
  primary(3000, 700);
  standby(500);
  expect(trail.asOf).toBeUndefined();
  // The standby is rebuilt from this primary.
  standby(600);
  primary(4000, 700);
  standby(700);
  expect(trail.asOf).toBe(4000);
});

test('a primary with an older log, or of another system, resets everything that was known', () => {
  primary(0, 100);
  standby(100);
  primary(1000, 100);
  expect(trail.asOf).toBe(0);
  primary(2000, 90);
  expect(trail.asOf).toBeUndefined();
  standby(90);
  primary(3000, 90);
  standby(90);
  expect(trail.asOf).toBe(3000);
  primary(4000, 95, 'two');
  expect([trail.asOf, trail.system]).toEqual([undefined, 'two']);
});
