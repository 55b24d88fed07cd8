import type { Kysely } from 'kysely';
import { raw } from '../data/raw.ts';

/** State of PostgreSQL's archiving of its write-ahead log. */
export interface WalArchive {
  /**
   * Whether its last attempt failed. It tries again and keeps the log until it succeeds: a disk that fills up in the end.
   */
  isFailing: boolean;
  /** The segment that it failed to archive last. */
  failedSegment: string | null;
  /** Seconds since it last succeeded, or since its statistics begin. */
  seconds: number;
}

/** The state of archiving; undefined where the server does not archive. Every role may ask. */
export async function walArchive(kysely: Kysely<any>): Promise<WalArchive | undefined> {
  const { rows } = await raw<WalArchive>(
    kysely,
    `select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) as "isFailing",
            last_failed_wal as "failedSegment",
            extract(epoch from now() - coalesce(last_archived_time, stats_reset))::float8 as seconds
       from pg_stat_archiver where current_setting('archive_mode') <> 'off'`,
  );
  return rows[0];
}
