import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { FixedClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/log.ts';
import { type ArchivedPostgres, startArchivedPostgres } from '../../tests/support/archived-postgres.ts';
import { testPool } from '../../tests/support/test-pool.ts';
import { until } from '../../tests/support/until.ts';
import { kyselyOver } from '../kysely.ts';
import { baseBackupsIn } from '../archive.ts';
import { ScheduledBackups } from './scheduled-backups.ts';

const HOUR = 3_600_000;
const { signal } = new AbortController();

let source: ArchivedPostgres;
let pool: ReturnType<typeof testPool>;
let clock: FixedClock;
let backups: ScheduledBackups;
let changes: string[];
beforeEach(async () => {
  source = await startArchivedPostgres();
  pool = testPool({ url: source.server.url, max: 1, name: 'agora test' });
  clock = new FixedClock(new Date());
  writeFileSync(join(source.data, 'secret-keys'), 'one');
  const config = { AGORA_DATA: source.data, BACKUP_HOURS: 24, BACKUP_KEEP_DAYS: 2 };
  backups = new ScheduledBackups({ server: source.server, config, clock, kysely: kyselyOver(pool), log: silentLogger });
  changes = [];
  backups.onChange(() => changes.push(backups.health.lastCode ?? 'UP'));
});
afterEach(async () => {
  await pool.end();
  await source.remove();
});

const count = () => baseBackupsIn(source.server.archive!).length;

test('a backup is taken at once, then when the last is old, or when the keys have changed', async () => {
  expect(backups.health.status).toBe('UNKNOWN');
  await backups.look(signal);
  expect([count(), backups.health.status]).toEqual([1, 'UP']);
  clock.advance(23 * HOUR);
  await backups.look(signal);
  expect(count()).toBe(1);
  writeFileSync(join(source.data, 'secret-keys'), 'two, one');
  await backups.look(signal);
  expect(count()).toBe(2);
  const newest = baseBackupsIn(source.server.archive!).at(-1)!;
  expect(readdirSync(join(newest.folder, 'keys'))).toEqual(['secret-keys']);
  clock.advance(2 * HOUR);
  await backups.look(signal);
  expect(count()).toBe(3);
  expect(changes).toEqual([]);
});

test('a backup that failed is told, and no longer once one was taken by hand', async () => {
  const link = join(source.dataDir, 'cluster', 'elsewhere');
  symlinkSync(source.folder, link);
  await backups.look(signal);
  expect(backups.health).toMatchObject({ status: 'DOWN', lastCode: 'TABLESPACES' });
  expect(count()).toBe(0);
  rmSync(link);
  // It is not tried again so soon.
  await backups.look(signal);
  expect([count(), backups.health.lastCode]).toEqual([0, 'TABLESPACES']);
  await source.backUp();
  await backups.look(signal);
  expect([count(), backups.health.status]).toEqual([1, 'UP']);
  expect(changes).toEqual(['TABLESPACES', 'UP']);
});

test('an archive that is away is told, not made anew, and waited for', async () => {
  await backups.look(signal);
  const { archive } = source.server;
  renameSync(archive!, `${archive}.away`);
  await backups.look(signal);
  expect(backups.health).toMatchObject({ status: 'DOWN', lastCode: 'ARCHIVE_GONE' });
  await source.write('a');
  await source.ask('select pg_switch_wal()');
  await until('PostgreSQL has failed', async () => {
    const [row] = await source.ask('select last_failed_time > last_archived_time as failed from pg_stat_archiver');
    return Boolean(row!.failed);
  });
  renameSync(`${archive}.away`, archive!);
  await source.archiveAll();
  await until('PostgreSQL has archived it', async () => {
    await backups.look(signal);
    return backups.health.status === 'UP';
  });
  expect(changes[0]).toBe('ARCHIVE_GONE');
  expect(changes.at(-1)).toBe('UP');
  expect(count()).toBe(1);
});

test('a log that is not archived is told, with its segment', async () => {
  await backups.look(signal);
  await source.write('a');
  const [row] = await source.ask('select pg_walfile_name(pg_current_wal_lsn()) as segment');
  writeFileSync(join(source.wal, `${row!.segment}.gz`), 'another database’s');
  await source.ask('select pg_switch_wal()');
  await until('it is told', async () => {
    await backups.look(signal);
    return backups.health.lastCode === 'WAL_NOT_ARCHIVED';
  });
  expect(backups.health.lastError).toContain(row!.segment);
  expect(changes).toEqual(['WAL_NOT_ARCHIVED']);
});
