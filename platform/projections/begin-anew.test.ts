/** A rebuild that begins anew while another process, or another release, is still at work on the one before. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  MIRROR,
  noteProjection,
  type NoteProjectionOptions,
  runProjection,
} from '../../tests/support/note-projection.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { fill } from '../consumers/backfill.ts';
import { placeOf } from './projection.ts';
import { beginRebuild } from './rebuild-row.ts';

const NOTES = 'mirror.notes';
let small: SmallAgent;
const ending = new Set<() => Promise<unknown>>();

beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await query(MIRROR);
});
afterEach(async () => {
  await Promise.all([...ending].map((end) => end()));
  ending.clear();
  await small.empty();
  await query('drop schema mirror cascade');
});

const query = async <Row = any>(text: string): Promise<Row[]> => (await small.database.pool.query(text)).rows;
const row = async (consumer = NOTES) =>
  (await query(`select *, position::text from platform.log_cursor where consumer = '${consumer}'`))[0];
const run = async (options: NoteProjectionOptions = {}): Promise<void> => {
  ending.add(await runProjection(small, noteProjection(small, options)));
};
const ask = (version: number) =>
  query(`update platform.log_cursor set rebuild = 'ASKED', rebuild_version = ${version} where consumer = '${NOTES}'`);
const isOver = async (): Promise<boolean> => (await row()).rebuild === null;
const id = (n: number): string => `n${String(n).padStart(4, '0')}`;
const isRight = (prefix = '') =>
  until('it shows all notes', async () => {
    const wrong = await query(
      `select from small.note n full join mirror.shown s using (id)
        where s.version is distinct from n.version or s.text is distinct from '${prefix}' || n.text`,
    );
    return wrong.length === 0;
  });

/** Fills the projection with so many notes, by a process that ends then. */
async function filled(notes: number): Promise<void> {
  await query(
    `insert into small.note (id, text) select 'n' || lpad(n::text, 4, '0'), 'x' from generate_series(1, ${notes}) n`,
  );
  const end = await runProjection(small, noteProjection(small));
  await until('it follows', async () => (await row()).status === 'FOLLOWING');
  await isRight();
  await end();
}

test('a rebuild that begins anew takes no page that was read before it, by whichever process', async () => {
  await filled(10);
  const { promise: mayApply, resolve: apply } = Promise.withResolvers<void>();
  const { promise: isRead, resolve: read } = Promise.withResolvers<void>();
  ending.add(async () => apply());
  const notes = noteProjection(small);
  const slow = await runProjection(small, {
    ...notes,
    backfill: (context) => async (tools) => {
      const page = await notes.backfill(context)(tools);
      read();
      await mayApply;
      return page;
    },
  });
  ending.add(slow);
  await ask(1);
  await isRead;
  // The rebuild that begins now has this one behind its cursor, and not in a page that was read before.
  await small.write(id(1));
  await isRight();
  const begunAt = async () => (await row(`${NOTES}.next`))?.position;
  const before = await begunAt();
  await ask(1);
  await run();
  await until('it has begun anew', async () => ![undefined, before].includes(await begunAt()));
  apply();
  await until('it is over', isOver);
  await isRight();
});

test('a rebuild for a newer release is not filled by an older one', async () => {
  await filled(50);
  const { kysely } = small;
  const [older, newer] = [1, 2].map((version) => noteProjection(small, { version, prefix: `${version}>` }));
  const place = placeOf('mirror', newer!);
  const types = newer!.handlers.map(({ type }) => type);
  await ask(2);
  expect(await beginRebuild(kysely, place, { types, version: 2 })).toBe(true);
  const of = { consumer: place.next, agent: 'mirror', schema: place.nextSchema, tablesVersion: 1 };
  const onPublished = (): void => {};
  const backfill = older!.backfill(undefined);
  await fill({ ...of, kysely, sessions: kysely, backfill, onPublished }, new AbortController().signal);
  expect(await row(place.next)).toMatchObject({ backfilled: 0, tables_version: 2 });
  await run({ version: 2, prefix: '2>' });
  await until('it is over', isOver);
  await isRight('2>');
});
