/**
 * A base backup of a running embedded server. The npm package of its programs has no pg_basebackup; so the server is
 * told when a copy of its files begins and when it ends
 * (https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP).
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import pg from 'pg';
import { Fault } from '../../platform/errors.ts';
import { sleep } from '../../platform/sleep.ts';
import { type BaseBackup, about, BASE, DESCRIPTION, PARTIAL, WAL } from '../archive.ts';
import { copyCluster, described } from './copy-cluster.ts';
import { MANIFEST, manifestOf } from './manifest.ts';
import { syncFolder } from './sync-folder.ts';

/** Options of a base backup. */
export interface BaseBackupOptions {
  /** Address of the server's superuser. */
  adminUrl: string;
  /** The archive that the server's log goes to. */
  archive: string;
  /** The file with the passwords of the server's roles. */
  credentials: string;
  /** Files without which the database cannot be read. */
  keys: readonly string[];
  /** Ends the backup half-way, and leaves nothing of it. */
  signal?: AbortSignal;
  /** Milliseconds that PostgreSQL may take to archive the log of the backup. @default a minute */
  archiveMs?: number;
}

/** Longest time of a statement of a backup: a checkpoint of everything, at the beginning. */
const STATEMENT_MS = 3_600_000;
const ARCHIVE_MS = 60_000;

/**
 * Takes a base backup into the archive: whole, on the disk, and with the log that it needs, or not at all. It does not
 * stop the server, and leaves alone what else happens in it.
 * @throws {Fault} `BACKUP_RUNNING`, `WAL_NOT_ARCHIVED`, `BACKUP_NO_SPACE`, `TABLESPACES`
 */
export async function takeBaseBackup(options: BaseBackupOptions): Promise<BaseBackup> {
  const { adminUrl, archive } = options;
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 10_000,
    statement_timeout: STATEMENT_MS,
    application_name: 'agora backup',
  });
  client.on('error', () => {});
  // Also in the middle of a statement, such as the checkpoint at the beginning.
  const leave = (): void => void client.end().catch(() => {});
  options.signal?.addEventListener('abort', leave, { once: true });
  try {
    await client.connect();
    // Held until the connection ends, however that happens.
    const { rows } = await client.query(`select pg_try_advisory_lock(hashtextextended('agora.backup', 0)) as "isOurs"`);
    if (!rows[0].isOurs) throw new Fault('BACKUP_RUNNING', 'Another backup of this database is being made.');
    const bases = join(archive, BASE);
    for (const name of readdirSync(bases))
      if (name.endsWith(PARTIAL)) rmSync(join(bases, name), { recursive: true, force: true });
    return await take(client, options);
  } finally {
    options.signal?.removeEventListener('abort', leave);
    await client.end().catch(() => {});
  }
}

async function take(client: pg.Client, options: BaseBackupOptions): Promise<BaseBackup> {
  const { archive, credentials, keys, signal } = options;
  const { rows: begun } = await client.query<{ cluster: string; start: string; segment: string; at: Date }>(
    `select current_setting('data_directory') as cluster, clock_timestamp() as at, start::text, pg_walfile_name(start) as segment
       from pg_backup_start('agora', fast => true) start`,
  );
  const { cluster, start, segment: firstSegment, at: begunAt } = begun[0]!;
  const folder = join(archive, BASE, begunAt.toISOString().replace(/[-:]/g, ''));
  if (existsSync(folder)) throw new Fault('BACKUP_EXISTS', `${folder} is there already.`);
  const partial = `${folder}${PARTIAL}`;
  try {
    mkdirSync(partial, { mode: 0o700 });
    const copy = join(partial, 'cluster');
    const files = await copyCluster(cluster, copy, signal);
    const stopped = await stopBackup(client);
    const { end, segment: lastSegment, label, timeline } = stopped;
    writeFileSync(join(copy, 'backup_label'), label, { mode: 0o600, flush: true });
    files.push({ path: 'backup_label', ...described(Buffer.from(label)) });
    const manifest = manifestOf(files, { timeline, start, end }, begunAt);
    writeFileSync(join(copy, MANIFEST), manifest, { mode: 0o600, flush: true });
    copyFileSync(credentials, join(partial, 'credentials.json'));
    mkdirSync(join(partial, 'keys'), { mode: 0o700 });
    for (const key of keys) copyFileSync(key, join(partial, 'keys', basename(key)));
    await untilArchived(client, options, lastSegment);
    const times = { begunAt, endedAt: stopped.at, firstSegment, lastSegment };
    writeFileSync(join(partial, DESCRIPTION), JSON.stringify(times), { mode: 0o600, flush: true });
    for (const each of foldersIn(partial)) syncFolder(each);
    renameSync(partial, folder);
    syncFolder(join(archive, BASE));
    return { archive, folder, database: about(archive).database, ...times };
  } catch (error) {
    // A file that was being opened when the copy was aborted may come in between.
    rmSync(partial, { recursive: true, force: true, maxRetries: 10 });
    throw error;
  }
}

interface Stopped {
  end: string;
  segment: string;
  label: string;
  timeline: number;
  at: Date;
}

/**
 * Ends the backup and begins a new segment, so that the last one is archived. PostgreSQL's own wait for that has no end,
 * so it is not asked to.
 */
async function stopBackup(client: pg.Client): Promise<Stopped> {
  const { rows } = await client.query<Stopped>(
    // Its end is the first byte behind, which may be in the next segment. The time is rounded up: a restore to a time
    // before the end would not be consistent.
    `select lsn::text as end, pg_walfile_name(lsn - 1) as segment, labelfile as label,
            (pg_control_checkpoint()).timeline_id as timeline,
            date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' as at
       from pg_backup_stop(wait_for_archive => false)`,
  );
  return rows[0]!;
}

async function untilArchived(
  client: pg.Client,
  { archive, archiveMs = ARCHIVE_MS, signal = new AbortController().signal }: BaseBackupOptions,
  segment: string,
): Promise<void> {
  const file = join(archive, WAL, `${segment}.gz`);
  for (const deadline = performance.now() + archiveMs; !existsSync(file); ) {
    signal.throwIfAborted();
    if (performance.now() > deadline) {
      const { rows } = await client.query('select last_failed_wal as failed from pg_stat_archiver');
      const { failed } = rows[0];
      throw new Fault(
        'WAL_NOT_ARCHIVED',
        `The log of the backup (${segment}) was not archived in ${archiveMs / 1000} s` +
          `${failed ? `: PostgreSQL fails to write ${failed} to ${join(archive, WAL)}, and says why in its log` : ''}.`,
      );
    }
    await sleep(50, signal);
  }
}

const foldersIn = (folder: string): string[] => [
  folder,
  ...readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name)),
];
