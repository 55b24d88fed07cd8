import { beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '../log.ts';
import { Standby, type StandbyLimits, type StandbyProbe } from './standby.ts';
import type { Place } from './replay-lag.ts';

const never = new Promise<never>(() => {});
const at = (position: number, system = 'one'): Place => ({ system, position: BigInt(position) });

let primary: () => Promise<Place>;
let replica: () => Promise<Place | null>;
let cuts: string[];
let lines: string[];
let limits: StandbyLimits;
let standby: Standby;

beforeEach(() => {
  [cuts, lines, limits] = [[], [], { maxLagMs: 600_000, patienceMs: 50 }];
  [primary, replica] = [async () => at(100), async () => at(100)];
  const probe: StandbyProbe = {
    primary: () => primary(),
    standby: () => replica(),
    cut: (server) => void cuts.push(server),
  };
  const write = (line: string): void => void lines.push(JSON.parse(line).msg);
  standby = new Standby(probe, createLogger('info', { to: { write } }), limits);
});

const look = async (times = 1): Promise<void> => {
  for (let n = 0; n < times; n++) await standby.look();
};
const state = () => [standby.isUsable, standby.health.status, standby.health.lastCode];

test('a standby is read from after two checks: the first cannot tell its primary', async () => {
  expect(state()).toEqual([false, 'UNKNOWN', null]);
  await look();
  expect(state()).toEqual([false, 'UNKNOWN', null]);
  await look();
  expect(state()).toEqual([true, 'UP', null]);
  expect([cuts, lines]).toEqual([[], []]);
});

test('a standby that does not answer is down at once: pending reads fail, and each change is logged once', async () => {
  await look(2);
  replica = () => never;
  await look(2);
  expect(state()).toEqual([false, 'DOWN', 'TIMEOUT']);
  expect(cuts).toEqual(['standby', 'standby']);
  replica = () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
  await look();
  expect(state()).toEqual([false, 'DOWN', 'ECONNREFUSED']);
  replica = async () => at(100);
  await look(2);
  expect(standby.isUsable).toBe(true);
  expect(lines).toEqual([
    'the standby is not read from: all reads go to the primary',
    'the standby is read from again',
  ]);
});

test('a primary that does not answer changes nothing, until the standby’s lag may be too large', async () => {
  await look(2);
  primary = () => Promise.reject(new Error('away'));
  await look(2);
  expect(state()).toEqual([true, 'UP', null]);
  expect(cuts).toEqual(['primary', 'primary']);
  limits.maxLagMs = -1;
  await look();
  expect(state()).toEqual([false, 'DOWN', 'BEHIND']);
});

test('the lag also grows between two checks, should they cease', async () => {
  await look(2);
  expect(standby.isUsable).toBe(true);
  limits.maxLagMs = -1;
  expect(standby.isUsable).toBe(false);
});

test('a promoted standby, and one of another database, are not read from', async () => {
  await look(2);
  replica = async () => null;
  await look();
  expect(state()).toEqual([false, 'DOWN', 'NOT_A_STANDBY']);
  replica = async () => at(100, 'two');
  await look(2);
  expect(state()).toEqual([false, 'DOWN', 'OTHER_DATABASE']);
});

test('a standby is not read from after a failover until its lag is known again', async () => {
  await look(2);
  primary = async () => at(90);
  await look();
  expect(state()).toEqual([false, 'DOWN', 'UNSURE']);
  // It has data that the new primary never had.
  primary = async () => at(5000);
  await look(3);
  expect(standby.isUsable).toBe(false);
  replica = async () => at(5000);
  await look(2);
  expect(state()[0]).toBe(true);
});
