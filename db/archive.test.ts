import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BaseBackup, chooseBackup } from './archive.ts';
import { expired, isBefore } from './backups/retention.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 30, 0, minute));
const backup = (minute: number, database = 'shop'): BaseBackup => ({
  archive: `/backups/${database}`,
  folder: `/backups/${database}/base/${minute}`,
  database,
  begunAt: at(minute - 1),
  endedAt: at(minute),
  firstSegment: '000000010000000000000001',
  lastSegment: '000000010000000000000002',
});
const minutes = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 20 });
const sorted = (some: number[]): BaseBackup[] => some.toSorted((a, b) => a - b).map((minute) => backup(minute));

test('a restore begins with the newest backup that was whole by its time', () => {
  const all = [backup(10), backup(20), backup(30)];
  expect(chooseBackup(all, at(25))).toEqual(backup(20));
  expect(chooseBackup(all, at(20))).toEqual(backup(20));
  expect(chooseBackup(all)).toEqual(backup(30));
  expect(() => chooseBackup(all, at(9))).toThrow('The oldest backup there was whole at 2026-11-30T00:10:00.000Z');
  expect(() => chooseBackup([])).toThrow('no whole backup');
});

test('of the backups of two databases one has to be named', () => {
  const all = [backup(10), backup(20, 'copy')];
  expect(chooseBackup(all, at(15))).toEqual(backup(10));
  expect(() => chooseBackup(all, at(25))).toThrow('/backups/shop (of shop), /backups/copy (of copy)');
});

test('what is kept can restore every time of the days kept that could be restored before, and from the same backup', () => {
  fc.assert(
    fc.property(minutes, fc.nat(5000), fc.nat(5000), (given, since, later) => {
      const all = sorted(given);
      const kept = all.filter((each) => !expired(all, at(since)).includes(each));
      expect(kept.length).toBeGreaterThan(0);
      const to = at(since + later);
      const choice = (some: BaseBackup[]) => some.findLast(({ endedAt }) => endedAt <= to);
      expect(choice(kept)).toBe(choice(all));
      // And nothing that no such time needs, but the newest.
      expect(kept.filter(({ endedAt }) => endedAt <= at(since)).length).toBeLessThanOrEqual(1);
    }),
  );
});

test('only the log before a segment comes before it', () => {
  const segment = '00000001000000010000000A';
  for (const before of [
    '00000001000000010000000' + '9.gz',
    '0000000100000000000000FF.gz',
    '000000010000000100000009.00000028.backup.gz',
  ])
    expect([before, isBefore(before, segment)]).toEqual([before, true]);
  for (const kept of [
    '00000001000000010000000A.gz',
    '00000001000000010000000B.gz',
    '00000001000000010000000A.00000028.backup.gz',
    '00000002.history.gz',
    'about.json',
  ])
    expect([kept, isBefore(kept, segment)]).toEqual([kept, false]);
});
