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

test('is read from after two looks: the first cannot tell whose standby it is', async () => {
  expect(state()).toEqual([false, 'UNKNOWN', null]);
  await look();
  expect(state()).toEqual([false, 'UNKNOWN', null]);
  await look();
  expect(state()).toEqual([true, 'UP', null]);
  expect([cuts, lines]).toEqual([[], []]);
});

test('one that does not answer is away at once: what waits on it is cut off, and each change is logged once', async () => {
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

test('a primary that does not answer takes nothing away, until what the standby shows may be too old', async () => {
  await look(2);
  primary = () => Promise.reject(new Error('away'));
  await look(2);
  expect(state()).toEqual([true, 'UP', null]);
  expect(cuts).toEqual(['primary', 'primary']);
  limits.maxLagMs = -1;
  await look();
  expect(state()).toEqual([false, 'DOWN', 'BEHIND']);
});

test('between two looks it grows old as well, should nobody look any more', async () => {
  await look(2);
  expect(standby.isUsable).toBe(true);
  limits.maxLagMs = -1;
  expect(standby.isUsable).toBe(false);
});

test('one that was promoted, and one of another database, are none', async () => {
  await look(2);
  replica = async () => null;
  await look();
  expect(state()).toEqual([false, 'DOWN', 'NOT_A_STANDBY']);
  replica = async () => at(100, 'two');
  await look(2);
  expect(state()).toEqual([false, 'DOWN', 'OTHER_DATABASE']);
});

test('after a failover it is not read from before it is known again how far it is', async () => {
  await look(2);
  primary = async () => at(90);
  await look();
  expect(state()).toEqual([false, 'DOWN', 'UNSURE']);
  // It has what the new primary never had.
  primary = async () => at(5000);
  await look(3);
  expect(standby.isUsable).toBe(false);
  replica = async () => at(5000);
  await look(2);
  expect(state()[0]).toBe(true);
});
