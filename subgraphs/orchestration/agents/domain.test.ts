import { describe, expect, test } from '@jest/globals';
import { canDo, stateOf } from './domain.ts';

const now = new Date('2026-06-01T12:00:00Z');
const silentFor = (ms: number) => new Date(now.getTime() - ms);

describe('the state of an agent', () => {
  test('is that of its last heartbeat, within its lease', () => {
    const agent = { status: 'DEGRADED', degradation: 2, heartbeatAt: silentFor(30_000) } as const;
    expect(stateOf(agent, now, 30_000)).toEqual({ status: 'DEGRADED', degradation: 2, isAlive: true });
  });

  test.each(['STARTING', 'RUNNING', 'DEGRADED', 'STOPPING', 'FAILED'] as const)(
    'is FAILED if it was %s and its lease has expired',
    (status) => {
      const agent = { status, degradation: 0, heartbeatAt: silentFor(30_001) };
      expect(stateOf(agent, now, 30_000)).toEqual({ status: 'FAILED', degradation: 4, isAlive: false });
    },
  );

  test('is STOPPED for ever after it has stopped', () => {
    const agent = { status: 'STOPPED', degradation: 0, heartbeatAt: silentFor(1e9) } as const;
    expect(stateOf(agent, now, 30_000)).toEqual({ status: 'STOPPED', degradation: 0, isAlive: false });
  });
});

test('an agent is found by the id or the name of a skill, in upper or lower case', () => {
  const agent = { skills: [{ id: 'take-payment', name: 'Take a payment' }] };
  for (const sought of ['take-payment', 'PAYMENT', ' take a ']) expect(canDo(agent, sought)).toBe(true);
  expect(canDo(agent, 'refund')).toBe(false);
  expect(canDo({ skills: [] }, '')).toBe(false);
});
