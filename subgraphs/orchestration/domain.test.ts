import { describe, expect, test } from '@jest/globals';
import { STUCK_AFTER, stepStatusOf, statusOf } from './domain.ts';

const saga = (engineStatus: string, isRefused = false, failedAttempts = 0, isWaiting = false) =>
  statusOf({ engineStatus, isRefused, failedAttempts, isWaiting });

describe('a saga', () => {
  test.each(['ENQUEUED', 'DELAYED'])('that the engine calls %s is PENDING until it has begun', (status) => {
    const is = (more: object) =>
      statusOf({ engineStatus: status, isRefused: false, failedAttempts: 0, isBegun: true, ...more });
    expect(saga(status)).toBe('PENDING');
    expect(is({})).toBe('RUNNING');
    expect(is({ isWaiting: true })).toBe('WAITING');
    expect(is({ isRefused: true })).toBe('COMPENSATING');
    expect(is({ failedAttempts: STUCK_AFTER })).toBe('STUCK');
    expect(is({ failedAttempts: 1, isStuck: true })).toBe('STUCK');
  });

  test('that is at work is RUNNING, or COMPENSATING once a step was refused', () => {
    expect(saga('PENDING')).toBe('RUNNING');
    expect(saga('PENDING', true)).toBe('COMPENSATING');
  });

  test('that waits for a signal is WAITING, unless it compensates or is stuck', () => {
    expect(saga('PENDING', false, 0, true)).toBe('WAITING');
    expect(saga('PENDING', true, 0, true)).toBe('COMPENSATING');
    expect(saga('PENDING', false, STUCK_AFTER, true)).toBe('STUCK');
    expect(saga('SUCCESS', false, 0, true)).toBe('COMPLETED');
  });

  test('that has ended is COMPLETED, or COMPENSATED if a step was refused', () => {
    expect(saga('SUCCESS')).toBe('COMPLETED');
    expect(saga('SUCCESS', true)).toBe('COMPENSATED');
  });

  test('whose step or undo has failed ten times is STUCK, and not after nine', () => {
    for (const isRefused of [true, false]) {
      expect(saga('PENDING', isRefused, STUCK_AFTER)).toBe('STUCK');
      expect(saga('PENDING', isRefused, STUCK_AFTER - 1)).not.toBe('STUCK');
    }
  });

  test('that has ended is not STUCK, however often a step had failed', () => {
    expect(saga('SUCCESS', false, 1000)).toBe('COMPLETED');
  });

  test.each(['ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED', 'a word of a later engine'])(
    'that the engine calls %s has FAILED',
    (status) => {
      expect(saga(status)).toBe('FAILED');
      expect(saga(status, true, 99)).toBe('FAILED');
    },
  );
});

test('a step is RETRYING until its result is stored, and then DONE, REFUSED or SKIPPED', () => {
  const step = (isKept: boolean, isRefused = false, isSkipped = false) =>
    stepStatusOf({ isKept, isRefused, isSkipped });
  expect([step(false), step(true), step(true, true), step(true, false, true)]).toEqual([
    'RETRYING',
    'DONE',
    'REFUSED',
    'SKIPPED',
  ]);
});
