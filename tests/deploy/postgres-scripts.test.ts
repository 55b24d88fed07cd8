/**
 * The scripts that back up and restore a PostgreSQL in a container, on a server of this machine's own programs: those of
 * Debian's `postgresql`, of whichever version is here.
 */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { giveAll, serverIdentity } from '../../db/embedded-postgres/identity.ts';
import { orSkip } from '../support/or-skip.ts';
import { until } from '../support/until.ts';

const SCRIPTS = join(import.meta.dirname, '../../deploy/postgres');
const VERSIONS = '/usr/lib/postgresql';
const programs = (existsSync(VERSIONS) ? readdirSync(VERSIONS) : [])
  .map((version) => join(VERSIONS, version, 'bin'))
  .findLast((bin) => ['postgres', 'pg_basebackup', 'pg_verifybackup'].every((name) => existsSync(join(bin, name))));
const withPrograms = orSkip(Boolean(programs), test, 'the scripts for a PostgreSQL in a container', 'postgresql');

const identity = serverIdentity();
let folder: string;
let archive: string;
let data: string;
let scripts: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agora-scripts-'));
  [archive, data, scripts] = [join(folder, 'archive'), join(folder, 'data'), join(folder, 'scripts')];
  mkdirSync(archive);
  mkdirSync(join(archive, 'wal'));
  // As in a container, where the user postgres can read them.
  mkdirSync(scripts);
  for (const name of readdirSync(SCRIPTS)) await promisify(execFile)('cp', [join(SCRIPTS, name), scripts]);
  giveAll(identity, folder);
});
afterEach(async () => {
  for (const name of readdirSync(folder))
    if (existsSync(join(folder, name, 'postmaster.pid')))
      await run('pg_ctl', ['-D', join(folder, name), '-m', 'immediate', 'stop']);
  rmSync(folder, { recursive: true });
});

async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    ...identity,
    cwd: folder,
    env: { PATH: `${programs}:${process.env.PATH}`, PGHOST: folder, PGUSER: 'agora', PGDATABASE: 'agora', ...env },
    maxBuffer: 1e7,
  });
  return stdout.trim();
}
const script = (name: string, args: string[], env?: Record<string, string>): Promise<string> =>
  run('sh', [join(scripts, name), ...args], env);
const sql = (statement: string): Promise<string> =>
  run('psql', ['--no-psqlrc', '--tuples-only', '--no-align', '--quiet', '--command', statement]);

const start = (cluster = data): Promise<string> => {
  const command = `sh '${scripts}/archive-wal.sh' '${archive}/wal' "%p" "%f"`;
  writeFileSync(
    join(cluster, 'postgresql.auto.conf'),
    `listen_addresses = ''\nunix_socket_directories = '${folder}'\narchive_mode = on\narchive_command = '${command.replaceAll("'", "''")}'\n`,
  );
  return run('pg_ctl', ['-D', cluster, '-w', '-l', join(folder, 'log'), 'start']);
};
const stop = (cluster = data): Promise<string> => run('pg_ctl', ['-D', cluster, '-w', '-m', 'fast', 'stop']);

/** A server with what a restore changes of Agora's. */
async function begin(): Promise<void> {
  await run('initdb', ['-D', data, '-U', 'agora', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8', '--no-locale']);
  await start();
  await run('createdb', ['agora']);
  await sql(`create schema platform; create table platform.log_identity (generation text);
    insert into platform.log_identity values ('first'); create table word (word text)`);
}

/** Writes a row, and returns a time after it. */
const write = async (word: string): Promise<string> => {
  await sql(`insert into word values ('${word}')`);
  return sql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
};
async function archiveAll(): Promise<string> {
  // An empty segment is not ended.
  await sql(`select pg_logical_emit_message(true, 'agora test', 'end')`);
  const segment = await sql('select pg_walfile_name(pg_switch_wal())');
  await until(`${segment} is archived`, () => existsSync(join(archive, 'wal', `${segment}.gz`)));
  return segment;
}
/** Names of backups and times to restore to are by the second. */
const nextSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1100));
const words = (): Promise<string> => sql(`select string_agg(word, '' order by word) from word`);
const bases = (): string[] => readdirSync(join(archive, 'base')).toSorted();

withPrograms('a server is backed up while it runs, and restored to a moment, twice, from one archive', async () => {
  await begin();
  const before = await write('a');
  await expect(script('back-up.sh', [archive, 'check', '26'])).rejects.toMatchObject({ code: 1 });
  mkdirSync(join(archive, 'base', 'now.partial'), { recursive: true });
  giveAll(identity, archive);
  await script('back-up.sh', [archive]);
  expect(bases()).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z$/)]);
  await script('back-up.sh', [archive, 'check', '26']);
  await nextSecond();
  const between = await write('b');
  await write('c');
  await archiveAll();
  await stop();

  const restored = join(folder, 'restored');
  await expect(script('restore.sh', [archive, between], { PGDATA: data })).rejects.toMatchObject({
    stderr: expect.stringContaining('is not empty: nothing was restored'),
  });
  await expect(script('restore.sh', [archive, before], { PGDATA: restored })).rejects.toMatchObject({
    stderr: expect.stringContaining('no base backup that was whole before'),
  });
  await expect(script('restore.sh', [archive, 'yesterday'], { PGDATA: restored })).rejects.toMatchObject({
    stderr: expect.stringContaining('is no time with its zone'),
  });
  expect(await script('restore.sh', [archive, between], { PGDATA: restored })).toContain('restored: start PostgreSQL');
  await start(restored);
  expect(await words()).toBe('ab');
  const generation = await sql('select generation from platform.log_identity');
  expect(generation).not.toBe('first');
  // It writes into the same archive, on a timeline of its own.
  await write('d');
  expect(await archiveAll()).toMatch(/^00000002/);
  await nextSecond();
  await script('back-up.sh', [archive]);
  await nextSecond();
  const later = await write('e');
  await write('f');
  await archiveAll();
  await stop(restored);

  const again = join(folder, 'again');
  await script('restore.sh', [archive, later], { PGDATA: again });
  await start(again);
  expect(await words()).toBe('abde');
  await stop(again);
  // The time that the first restore has undone.
  const undone = join(folder, 'undone');
  await script('restore.sh', [archive, between], { PGDATA: undone });
  await start(undone);
  await write('g');
  expect([await words(), (await archiveAll()).slice(0, 8)]).toEqual(['abg', '00000004']);
});

withPrograms('a missing or broken segment is told, and nothing is given out as restored', async () => {
  await begin();
  await script('back-up.sh', [archive]);
  await nextSecond();
  await write('a');
  const gap = await archiveAll();
  const late = await write('b');
  await write('c');
  await archiveAll();
  await stop();
  const file = join(archive, 'wal', `${gap}.gz`);
  renameSync(file, `${file}.away`);
  const restored = join(folder, 'restored');
  const refused = async (said: string, ...to: string[]) => {
    await expect(script('restore.sh', [archive, ...to], { PGDATA: restored })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(said),
    });
    expect(readdirSync(restored)).toEqual([]);
  };
  await refused(`not in the archive: ${gap}`, late);
  await refused(`${gap}.gz is missing, and later segments are there`);
  writeFileSync(file, 'broken');
  if (identity.uid !== undefined) chownSync(file, identity.uid, identity.gid!);
  await refused(`cannot be read: ${file}`, late);
  await refused(`cannot be read: ${file}`);
});

withPrograms('what is older than the days kept is deleted, with its log, and a broken backup is not kept', async () => {
  await begin();
  await script('back-up.sh', [archive]);
  const [oldest] = bases();
  const first = await archiveAll();
  await nextSecond();
  await script('back-up.sh', [archive]);
  const [, newer] = bases();
  const old = (name: string, as: string): void => renameSync(join(archive, 'base', name), join(archive, 'base', as));
  old(oldest!, '20200101T000000Z');
  old(newer!, '20200102T000000Z');
  await archiveAll();
  await nextSecond();
  await script('back-up.sh', [archive], { KEEP_DAYS: '30' });
  expect(bases()).toEqual(['20200102T000000Z', expect.stringMatching(/^\d{8}T\d{6}Z$/)]);
  expect(existsSync(join(archive, 'wal', `${first}.gz`))).toBe(false);

  const hostile = join(folder, 'hostile');
  mkdirSync(hostile);
  writeFileSync(join(hostile, 'pg_verifybackup'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const kept = bases();
  await nextSecond();
  const PATH = `${hostile}:${programs}:${process.env.PATH}`;
  await expect(script('back-up.sh', [archive], { PATH })).rejects.toMatchObject({ code: 1 });
  expect(bases().filter((name) => !name.endsWith('.partial'))).toEqual(kept);
  const restored = join(folder, 'restored');
  await expect(script('restore.sh', [archive], { PATH, PGDATA: restored })).rejects.toMatchObject({
    stderr: expect.stringContaining('is not as it was written: nothing was restored'),
  });
  expect(readdirSync(restored)).toEqual([]);
});
