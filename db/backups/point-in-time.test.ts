import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { type ArchivedPostgres, startArchivedPostgres, wordsIn } from '../../tests/support/archived-postgres.ts';
import { until } from '../../tests/support/until.ts';
import { archivesIn, BASE, baseBackupsIn } from '../archive.ts';
import { takeBaseBackup } from './base-backup.ts';
import { restorePointInTime } from './point-in-time.ts';
import { prune } from './retention.ts';

let source: ArchivedPostgres;
beforeEach(async () => {
  source = await startArchivedPostgres();
});
afterEach(() => source.remove());

let n = 0;
/** Restores into a new folder, and returns what is in it. */
async function restored(to?: string): Promise<{ words: string[]; generation: string }> {
  const data = join(source.folder, `restored-${n++}`);
  const dataDir = join(data, 'postgres');
  try {
    await restorePointInTime(source.directory, data, to);
    return await wordsIn(dataDir);
  } finally {
    // Nothing is left of a restore that failed.
    expect(existsSync(`${dataDir}.restoring`)).toBe(false);
    await deleteEmbeddedPostgres(dataDir);
  }
}

test('a database is restored to a moment between two changes, while the one that it is of goes on', async () => {
  await source.write('a');
  const before = await source.write('b');
  await source.backUp();
  const between = await source.write('c');
  await source.write('d');
  await source.archiveAll();

  const first = await restored(between);
  expect(first.words).toEqual(['a', 'b', 'c']);
  expect(first.generation).not.toBe('first');
  const last = await restored();
  expect(last.words).toEqual(['a', 'b', 'c', 'd']);
  expect(last.generation).not.toBe(first.generation);
  await expect(restored(before)).rejects.toMatchObject({ code: 'NO_BACKUP_BEFORE' });
  await expect(restored(new Date(Date.now() + 60_000).toISOString())).rejects.toMatchObject({
    code: 'BEYOND_THE_ARCHIVE',
    message: expect.stringMatching(/its last transaction is of 20\d\d-/),
  });
  await source.server.stop();
  await expect(restorePointInTime(source.directory, source.data)).rejects.toMatchObject({
    code: 'RESTORE_NOT_EMPTY',
  });
  expect(await wordsIn(source.dataDir)).toEqual({ words: ['a', 'b', 'c', 'd'], generation: 'first' });
});

test('a segment that is missing or broken is named, and so is the last moment before it', async () => {
  await source.backUp();
  const early = await source.write('a');
  const good = await source.archiveAll();
  await source.write('b');
  const gap = await source.archiveAll();
  const late = await source.write('c');
  await source.write('d');
  await source.archiveAll();
  expect(good < gap).toBe(true);
  const file = join(source.wal, `${gap}.gz`);
  const whole = readFileSync(file);

  rmSync(file);
  for (const to of [late, undefined])
    await expect(restored(to)).rejects.toMatchObject({
      code: 'WAL_MISSING',
      message: expect.stringContaining(
        `${gap}.gz is missing, and later segments are there. Before it, the last transaction is of 20`,
      ),
    });
  expect((await restored(early)).words).toEqual(['a']);

  writeFileSync(file, whole);
  truncateSync(file, whole.length - 10);
  for (const to of [late, undefined])
    await expect(restored(to)).rejects.toMatchObject({ code: 'WAL_BROKEN', message: expect.stringContaining(gap) });

  writeFileSync(file, whole);
  execFileSync('chown', ['--reference', join(source.wal, `${good}.gz`), file]);
  expect((await restored(late)).words).toEqual(['a', 'b', 'c']);
});

test('a backup that was interrupted is never taken for a whole one, and the next one clears it away', async () => {
  const ending = new AbortController();
  const base = join(source.server.archive!, BASE);
  const interrupted = source.backUp(ending.signal);
  await until('it is under way', () => readdirSync(base).length > 0);
  ending.abort();
  await expect(interrupted).rejects.toThrow(/abort|closed|terminated/i);
  expect(readdirSync(base)).toEqual([]);

  // As a process that is killed leaves it.
  mkdirSync(join(base, '20261130T120000Z.partial', 'cluster'), { recursive: true });
  mkdirSync(join(base, '20261130T120000Z', 'cluster'), { recursive: true });
  await expect(restored()).rejects.toMatchObject({ code: 'NO_BACKUP' });
  const { folder } = await source.backUp();
  expect(readdirSync(base).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(baseBackupsIn(source.server.archive!).map((backup) => backup.folder)).toEqual([folder]);
});

test('two backups of one database do not run at once', async () => {
  const [one, other] = await Promise.allSettled([source.backUp(), source.backUp()]);
  const refused = [one, other].filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([{ reason: { code: 'BACKUP_RUNNING' } }]);
  expect(baseBackupsIn(source.server.archive!)).toHaveLength(1);
});

test('a file of a backup that has changed since is named, and nothing is restored', async () => {
  const { folder } = await source.backUp();
  const victim = join(folder, 'cluster', 'PG_VERSION');
  writeFileSync(victim, '17\n');
  await expect(restored()).rejects.toMatchObject({ code: 'BACKUP_BROKEN', message: expect.stringContaining(victim) });
  rmSync(victim);
  await expect(restored()).rejects.toMatchObject({ message: expect.stringContaining('is missing') });
});

test('a full archive is told, keeps the log, and goes on by itself when there is room', async () => {
  const [row] = await source.ask('select pg_walfile_name(pg_current_wal_lsn()) as segment');
  const partial = join(source.wal, `${row!.segment}.gz.partial`);
  symlinkSync('/dev/full', partial);
  const failing = async (): Promise<boolean> => {
    const [state] = await source.ask(
      'select failed_count > 0 and last_archived_wal is null as failing from pg_stat_archiver',
    );
    return state!.failing as boolean;
  };
  const credentials = join(source.dataDir, 'credentials.json');
  const { adminUrl, archive } = source.server;
  const backup = takeBaseBackup({ adminUrl, archive: archive!, credentials, keys: [], archiveMs: 1500 });
  await expect(backup).rejects.toMatchObject({
    code: 'WAL_NOT_ARCHIVED',
    message: expect.stringContaining(`PostgreSQL fails to write ${row!.segment}`),
  });
  await until('it fails', failing);
  expect(readFileSync(join(source.dataDir, 'postgres.log'), 'utf8')).toContain('No space left on device');
  expect(readdirSync(join(source.server.archive!, BASE))).toEqual([]);
  expect(readdirSync(source.wal)).toEqual([`${row!.segment}.gz.partial`]);

  rmSync(partial);
  await source.backUp();
  await source.write('a');
  await source.archiveAll();
  expect((await restored()).words).toEqual(['a']);
});

test('old backups and the log before them are deleted, and what is kept can be restored', async () => {
  const first = await source.backUp();
  await source.write('a');
  await source.archiveAll();
  const second = await source.backUp();
  const between = await source.write('b');
  await source.write('c');
  await source.archiveAll();
  const third = await source.backUp();
  await source.archiveAll();

  expect(prune(source.server.archive!, new Date(third.endedAt.getTime() - 1))).toBe(1);
  expect(existsSync(first.folder)).toBe(false);
  const segments = readdirSync(source.wal).filter((name) => /^[0-9A-F]{24}\.gz$/.test(name));
  expect(segments.toSorted()[0]).toBe(`${second.firstSegment}.gz`);
  expect((await restored(between)).words).toEqual(['a', 'b']);
  expect(prune(source.server.archive!, new Date())).toBe(1);
  expect(baseBackupsIn(source.server.archive!).map(({ folder }) => folder)).toEqual([third.folder]);
  expect((await restored()).words).toEqual(['a', 'b', 'c']);
});

test('every start goes on with the archive; a database that was restored, or ran without, begins another', async () => {
  const { archive } = source.server;
  await source.server.stop();
  // A command that knows of no archive, as `npm run audit:verify`.
  const other = await startEmbeddedPostgres({ dataDir: source.dataDir, log: () => {}, endsWithUs: true });
  expect(other.archive).toBe(archive);
  await other.stop();
  await source.restart();
  expect(source.server.archive).toBe(archive);
  expect(await source.ask('show archive_mode')).toEqual([{ archive_mode: 'on' }]);
  await source.backUp();

  // A server that a killed process left behind is made to archive as it is told now.
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const same = await startEmbeddedPostgres({ dataDir: source.dataDir, log, archive: 'off' });
  expect([same.archive, lines.some((line) => line.includes('archives otherwise'))]).toEqual([undefined, true]);
  expect(await source.ask('show archive_mode')).toEqual([{ archive_mode: 'off' }]);
  expect(await source.ask('show wal_level')).toEqual([{ wal_level: 'minimal' }]);
  await source.restart();
  expect(source.server.archive).not.toBe(archive);
  expect(archivesIn(source.directory)).toHaveLength(2);

  const data = join(source.folder, 'other');
  const dataDir = join(data, 'postgres');
  await restorePointInTime(source.directory, data);
  const restarted = await startEmbeddedPostgres({
    dataDir,
    log: () => {},
    archive: source.directory,
    endsWithUs: true,
  });
  expect(archivesIn(source.directory)).toHaveLength(3);
  expect([archive, source.server.archive]).not.toContain(restarted.archive);
  await restarted.stop();
  await deleteEmbeddedPostgres(dataDir);
  expect(readdirSync(dataDir)).toEqual([]);
});
