import type { Kysely } from 'kysely';
import { raw } from '../../platform/data/raw.ts';
import { until } from './until.ts';

/**
 * Waits until readers see all events that are committed: an open transaction of any database of the server, such as
 * another test's, hides younger ones (platform/events/event-log.ts).
 */
export const readableLog = (kysely: Kysely<any>): Promise<void> =>
  until('nothing holds the tail of the log back', async () => {
    const hidden = 'select from platform.event_log where xid >= pg_snapshot_xmin(pg_current_snapshot()) limit 1';
    return (await raw(kysely, hidden)).rows.length === 0;
  });
