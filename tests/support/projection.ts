/**
 * A small projection: it counts the notes of an owner, which come page by page, and by events from then on. Its pages
 * are written without a unique key, so that one which is applied twice shows.
 */
import { raw } from '../../platform/data/raw.ts';
import type { Backfill } from '../../platform/consumers/backfill.ts';
import { type EventHandler, on } from '../../platform/consumers/handler.ts';
import type { Work } from '../../platform/store/store.ts';
import { noteWritten, type SmallFixture } from './small-agent.ts';

/** Notes in one page. */
export const PAGE = 5;

/** Its tables, in the schema of the agent `name`: the notes that it shows, and the pages that it has read. */
export const projectionTables = (name: string): string => `
  create schema if not exists ${name};
  create table ${name}.shown (id text primary key, version int not null);
  create table ${name}.page (n bigint generated always as identity, after text);`;

/** Shows a version of a note, unless it shows a later one: a page and an event may tell of it in any order. */
const show = ({ sql }: Work, name: string, id: string, version: number) =>
  raw(
    sql,
    `insert into ${name}.shown (id, version) values ($1, $2)
     on conflict (id) do update set version = excluded.version where shown.version < excluded.version`,
    [id, version],
  );

/** Reads the notes in the order of their ids, as an owner's connection would give them. */
export const notesBackfill =
  (small: Pick<SmallFixture, 'kysely'>, name: string, onRead: (after: string | null) => Promise<void>): Backfill =>
  async ({ after }) => {
    const { rows } = await raw<{ id: string; version: number }>(
      small.kysely,
      'select id, version from small.note where $1::text is null or id > $1 order by id limit $2',
      [after, PAGE],
    );
    await onRead(after);
    return {
      next: rows.length < PAGE ? null : rows.at(-1)!.id,
      count: rows.length,
      async apply(work) {
        await raw(work.sql, `insert into ${name}.page (after) values ($1)`, [after]);
        for (const { id, version } of rows) await show(work, name, id, version);
      },
    };
  };

/** Follows the notes. */
export const notesHandlers = (name: string): EventHandler[] => [
  on(noteWritten.type, noteWritten.payload, (work, { aggregateId, aggregateVersion }) =>
    show(work, name, aggregateId, aggregateVersion).then(() => {}),
  ),
];
