/**
 * A small projection with tables of its own: the latest version of each note, and how many of its versions were told. It
 * counts, so an event that is handled twice or not at all shows.
 */
import { defineEntity, p } from '@mikro-orm/core';
import { raw } from '../../platform/data/raw.ts';
import type { RowOf, TablesOf } from '../../platform/data/entity-table.ts';
import { type EventHandler, onAll, type SetWork } from '../../platform/consumers/handler.ts';
import { defineProjection, type Projection } from '../../platform/projections/projection.ts';
import { keepProjection } from '../../platform/projections/keep-projection.ts';
import { silentLogger } from '../../platform/log.ts';
import { noteRead, noteWritten, type SmallFixture } from './small-agent.ts';
import { BackstopForTests } from './backstop-for-tests.ts';

export const ShownSchema = defineEntity({
  name: 'Shown',
  tableName: 'shown',
  properties: { id: p.string().primary(), version: p.integer(), told: p.integer(), text: p.string() },
});
type Tables = TablesOf<typeof ShownSchema>;

/** Its table in the schema `mirror`, with what a rebuild must carry over, of each kind that a table has. */
export const MIRROR = `
  create schema mirror;
  create table mirror.shown (id text constraint shown_key primary key, version int not null check (version > 0),
    told int not null default 1, text text not null) with (fillfactor = 70);
  create index shown_by_text on mirror.shown (lower(text), id) where version > 0;
  create unique index shown_once on mirror.shown (id, version) with (fillfactor = 80);
  create statistics mirror.of_shown (dependencies) on version, told from mirror.shown;
  alter table mirror.shown enable row level security, force row level security, cluster on shown_once,
    replica identity using index shown_once, alter column text set statistics 500, set (toast.autovacuum_enabled = false),
    alter column version set (n_distinct = 7);
  alter index mirror.shown_key set (fillfactor = 60);
  alter index mirror.shown_by_text alter column 1 set statistics 300;
  alter statistics mirror.of_shown set statistics 200;
  create policy everybody on mirror.shown using (true) with check (true);
  create policy "agora reader x" on mirror.shown as restrictive for select to pg_monitor using (id <> 'secret');
  grant select on mirror.shown to pg_monitor with grant option;
  grant select (id), update (text) on mirror.shown to pg_read_all_stats;
  comment on table mirror.shown is 'Notes, as they''re shown';
  comment on column mirror.shown.text is 'a column';
  comment on constraint shown_key on mirror.shown is 'a key';
  comment on constraint shown_version_check on mirror.shown is 'a check';
  comment on index mirror.shown_by_text is 'an index';
  comment on policy "agora reader x" on mirror.shown is 'a policy';
  comment on statistics mirror.of_shown is 'statistics';`;

/** Notes of one page. */
export const NOTES_PAGE = 20;

/** Adds versions of notes, each once: what a row holds already, by its page or by an event, is not news. */
async function tell({ sql }: SetWork<Tables>, notes: readonly RowOf<typeof ShownSchema>[]): Promise<void> {
  for (const note of notes)
    await sql
      .insertInto('shown')
      .values(note)
      .onConflict((on) =>
        on
          .column('id')
          .doUpdateSet((eb) => ({
            version: eb.ref('excluded.version'),
            text: eb.ref('excluded.text'),
            told: eb('shown.told', '+', eb('excluded.version', '-', eb.ref('shown.version'))),
          }))
          .whereRef('shown.version', '<', 'excluded.version'),
      )
      .execute();
}

/** What a test changes of the projection. */
export interface NoteProjectionOptions {
  version?: number;
  /** Called with each event before it is applied. */
  onEvent?(id: string, version: number): void;
  /** Called before each page is read. */
  onPage?(after: string | null): Promise<void>;
  more?: readonly EventHandler[];
  /** What its texts begin with: a later version shows them otherwise. */
  prefix?: string;
}

/** The projection `mirror.notes` of the small agent's notes. */
export const noteProjection = (
  small: Pick<SmallFixture, 'kysely'>,
  { version = 1, onEvent = () => {}, onPage = async () => {}, more = [], prefix = '' }: NoteProjectionOptions = {},
): Projection =>
  defineProjection({
    name: 'notes',
    version,
    entities: [ShownSchema],
    handlers: [
      ...onAll<{ id: string; text: string }, Tables>([noteWritten.type], noteWritten.payload, async (work, events) => {
        for (const { aggregateId: id, aggregateVersion, payload } of events) {
          onEvent(id, aggregateVersion);
          await tell(work, [{ id, version: aggregateVersion, told: 1, text: prefix + payload.text }]);
        }
      }),
      ...more,
    ],
    backfill:
      () =>
      async ({ after }) => {
        await onPage(after);
        const { rows } = await raw<{ id: string; version: number; text: string }>(
          small.kysely,
          'select id, version, text from small.note where $1::text is null or id > $1 order by id limit $2',
          [after, NOTES_PAGE],
        );
        return {
          next: rows.length < NOTES_PAGE ? null : rows.at(-1)!.id,
          count: rows.length,
          apply: (work) =>
            tell(
              work,
              rows.map((row) => ({ ...row, told: row.version, text: prefix + row.text })),
            ),
        };
      },
  });

/** A handler that does nothing, for a release that handles more. */
export const readHandler = (): EventHandler[] => onAll([noteRead.type], noteRead.payload, async () => {});

/** Runs the projection as a process of its agent does. Returns the function that ends it. */
export async function runProjection(small: SmallFixture, projection: Projection): Promise<() => Promise<void>> {
  const { kysely, notifier, signer, tail } = small;
  const backstop = new BackstopForTests();
  const options = { agent: 'mirror', kysely, notifier, signer, tail, backstop, log: silentLogger, context: undefined };
  const { consumer, rebuild } = keepProjection(projection, options);
  await consumer.register();
  const ending = new AbortController();
  const { signal } = ending;
  const running = [tail.run(signal), backstop.run(signal), consumer.run(signal), rebuild.run(signal)];
  return async () => {
    ending.abort();
    await Promise.all(running);
  };
}
