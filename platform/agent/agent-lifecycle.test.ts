import { expect, test } from '@jest/globals';
import { FixedClock } from '../clock.ts';
import { AgentLifecycle } from './agent-lifecycle.ts';

function lifecycle() {
  const told: string[] = [];
  const it = new AgentLifecycle({
    clock: new FixedClock(),
    onChange: ({ status, degradation, reason }) => told.push(`${status} ${degradation}${reason ? ` ${reason}` : ''}`),
  });
  return { it, told };
}

test('a lifecycle goes from STARTING over RUNNING and STOPPING to STOPPED, and tells each once', () => {
  const { it, told } = lifecycle();
  it.starting();
  it.started();
  it.stands(0, false);
  it.stopping();
  it.stopped('shut down');
  expect(told).toEqual(['STARTING 0', 'RUNNING 0 started', 'STOPPING 0', 'STOPPED 0 shut down']);
});

test('an agent is DEGRADED by the worse of infrastructure and missing dependency, and recovers by itself', () => {
  const { it, told } = lifecycle();
  it.starting();
  it.started();
  it.stands(0, true);
  it.stands(4, true);
  it.stands(3, true);
  it.stands(0, false);
  expect(told.slice(2)).toEqual(['DEGRADED 2', 'DEGRADED 4', 'DEGRADED 3', 'RUNNING 0']);
});

test('an agent has FAILED while any part of it is broken, whatever the infrastructure allows', () => {
  const { it, told } = lifecycle();
  it.starting();
  it.started();
  it.broken('consumer');
  it.broken('job');
  it.stands(3, false);
  it.mended('consumer');
  it.stands(0, false);
  it.mended('job');
  expect(told.slice(2)).toEqual(['FAILED 4', 'RUNNING 0']);
});

test('an agent that cannot start has FAILED, and is RUNNING after a later start succeeds', () => {
  const { it, told } = lifecycle();
  it.starting();
  it.broken('start');
  it.stands(0, false);
  it.mended('start');
  it.started();
  expect(told).toEqual(['STARTING 0', 'FAILED 4', 'STARTING 0', 'RUNNING 0 started']);
});

test('the infrastructure does not change the status before an agent starts or after it has ended', () => {
  const { it, told } = lifecycle();
  it.stands(4, true);
  it.starting();
  it.started();
  it.stopping();
  it.stopped('over');
  it.stands(0, false);
  expect(told).toEqual(['STARTING 0', 'DEGRADED 4 started', 'STOPPING 0', 'STOPPED 0 over']);
});
