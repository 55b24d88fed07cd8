import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { catalogueOf } from '../../tests/support/catalogue-of.ts';
import {
  MIRROR,
  noteProjection,
  type NoteProjectionOptions,
  readHandler,
  runProjection,
  ShownSchema,
} from '../../tests/support/note-projection.ts';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { dieWithParent } from '../die-with-parent.ts';
import { silentLogger } from '../log.ts';
import { hold } from '../consumers/cursor-row.ts';
import { keepProjection } from './keep-projection.ts';
import { placeOf } from './projection.ts';
import { askForRebuild, beginRebuild, finishRebuild, giveUpRebuild } from './rebuild-row.ts';

let small: SmallAgent;
const ending = new Set<() => Promise<unknown>>();

beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());
beforeEach(async () => {
  await small.empty();
  await query('drop schema if exists mirror cascade; drop schema if exists mirror_notes_next cascade;');
  await query(MIRROR);
});
afterEach(async () => {
  await Promise.all([...ending].map((end) => end()));
  ending.clear();
});

const query = async <Row = any>(text: string): Promise<Row[]> => (await small.database.pool.query(text)).rows;
const run = async (options: NoteProjectionOptions = {}): Promise<() => Promise<void>> => {
  const end = await runProjection(small, noteProjection(small, options));
  ending.add(end);
  return async () => {
    ending.delete(end);
    await end();
  };
};
/** The projection's parts, of which none runs. */
const kept = (options: NoteProjectionOptions = {}) => {
  const { kysely, notifier, signer } = small;
  const parts = { agent: 'mirror', kysely, notifier, signer, log: silentLogger, context: undefined };
  return keepProjection(noteProjection(small, options), parts);
};
const NOTES = 'mirror.notes';
const PLACE = placeOf('mirror', { name: 'notes', entities: [ShownSchema] });
/** A process of this version, as it begins a rebuild. */
const mine = (version: number) => ({ types: [noteWritten.type], version });
const row = async (consumer = NOTES) =>
  (await query(`select *, xid::text, position::text from platform.log_cursor where consumer = '${consumer}'`))[0];
const ask = (version?: number) =>
  small.kysely.transaction().execute((transaction) => askForRebuild(transaction, NOTES, version));
const giveUp = () => small.kysely.transaction().execute((transaction) => giveUpRebuild(transaction, NOTES));
const isOver = async (): Promise<boolean> => (await row()).rebuild === null;
const begun = () => until('the rebuild runs', async () => (await row(`${NOTES}.next`)) !== undefined);
const id = (n: number): string => `n${String(n).padStart(4, '0')}`;
const oid = async (): Promise<number> => (await query(`select 'mirror.shown'::regclass::oid as oid`))[0].oid;

/** Notes that are shown otherwise than they are: the database alone is asked. Every version of each was told once. */
const wrong = (prefix = '', schema = 'mirror') =>
  query(
    `select n.id, n.version, s.version as shown, s.told, s.text from small.note n full join ${schema}.shown s using (id)
      where s.version is distinct from n.version or s.told is distinct from n.version
         or s.text is distinct from '${prefix}' || n.text`,
  );
const isRight = (prefix?: string) => until('it shows all notes', async () => (await wrong(prefix)).length === 0);
const made = () => catalogueOf(query, 'mirror', 'shown');
const leftovers = () =>
  query(
    `select nspname as what from pg_namespace where nspname like 'mirror\\_%'
     union all select consumer from platform.log_cursor where consumer = '${NOTES}.next'
     union all select consumer from platform.parked_event where consumer = '${NOTES}.next'`,
  );

/** A gate that the backfill waits at from the second page on. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  ending.add(async () => resolve());
  return { onPage: async (after: string | null) => void (after !== null && (await promise)), open: resolve };
}

/** Fills the projection with so many notes, then runs it with these options, so that a rebuild meets them. */
async function filled(notes: number, options: NoteProjectionOptions = {}): Promise<() => Promise<void>> {
  await query(
    `insert into small.note (id, text) select 'n' || lpad(n::text, 4, '0'), 'x' from generate_series(1, ${notes}) n`,
  );
  const end = await run();
  await isRight();
  await until('it follows', async () => (await row()).status === 'FOLLOWING');
  await end();
  return run(options);
}

test('a rebuild while notes are written: the old tables are read until the exchange, and nothing is told twice', async () => {
  const held = gate();
  await filled(50, { onPage: held.onPage });
  const [before, old] = [await made(), await oid()];
  // What a rebuild is for: the old rows are wrong.
  await query(`update mirror.shown set text = 'spoilt'`);
  expect(await ask()).toBe('ASKED');
  await begun();
  let isWriting = true;
  const writers = [1, 2].map(async (first) => {
    for (let n = first; isWriting; n += 2) {
      await small.write(id(10 + (n % 60)));
      // A shop's pace: without it they write more than one process can read.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  ending.add(async () => {
    isWriting = false;
    await Promise.all(writers);
  });
  await until('the second set has its first page', async () => (await row(`${NOTES}.next`))?.backfilled > 0);
  await until(
    'the old one goes on',
    async () => (await query(`select from mirror.shown where version > 2`)).length > 5,
  );
  expect(await oid()).toBe(old);
  expect(await query(`select from mirror.shown where text = 'spoilt'`)).not.toHaveLength(0);
  held.open();
  await until('it is over, with notes being written', isOver);
  isWriting = false;
  await Promise.all(writers);
  expect(await oid()).not.toBe(old);
  await isRight();
  expect(await made()).toEqual(before);
  expect(await leftovers()).toEqual([]);
  await small.write(id(3));
  await isRight();
});

test('no reader sees less than the old tables showed, at any moment', async () => {
  await filled(60);
  let isOn = true;
  const counts = new Set<number>();
  const reading = (async () => {
    while (isOn) counts.add((await query('select from mirror.shown')).length);
  })();
  ending.add(async () => void (isOn = false));
  for (const _ of [1, 2]) {
    await ask();
    await until('it is over', isOver);
  }
  isOn = false;
  await reading;
  expect([...counts]).toEqual([60]);
});

test('an exchange waits for readers, and lets those that come after them read', async () => {
  await filled(30);
  const old = await oid();
  const reader = await small.database.pool.connect();
  await reader.query('begin; select from mirror.shown');
  await ask();
  await begun();
  await until(
    'an exchange was tried',
    async () =>
      (await query(`select from pg_locks where mode = 'AccessExclusiveLock' and relation = ${old} and not granted`))
        .length > 0,
  );
  expect(await query('select from mirror.shown')).toHaveLength(30);
  expect(await oid()).toBe(old);
  await reader.query('commit');
  reader.release();
  await until('it is over', isOver);
  await isRight();
});

test('a second one is refused while one runs, and is not for a consumer without tables', async () => {
  const held = gate();
  await filled(50, held);
  expect(await ask()).toBe('ASKED');
  expect(await ask()).toBe('UNDER_WAY');
  await begun();
  expect(await ask()).toBe('UNDER_WAY');
  held.open();
  await until('it is over', isOver);
  expect(await ask()).toBe('ASKED');
  await query(`insert into platform.log_cursor (consumer, xid, position, types) values ('plain', '0', 0, '{}')`);
  const plain = await small.kysely.transaction().execute((transaction) => askForRebuild(transaction, 'plain'));
  expect(plain).toBe('NO_PROJECTION');
});

test('while it is being filled, it does not hold the projection up', async () => {
  const held = gate();
  await filled(50, held);
  await ask();
  await begun();
  await small.kysely.transaction().execute(async (transaction) => {
    await hold(transaction, NOTES);
    // It would wait for the projection here, and the projection for it.
    expect(await finishRebuild(small.kysely, PLACE, 1)).toBe('BEHIND');
  });
  held.open();
  await until('it is over', isOver);
});

test('while it is more than a batch behind, it does not hold the projection up', async () => {
  await (await filled(0))();
  await ask();
  expect(await beginRebuild(small.kysely, PLACE, mine(1))).toBe(true);
  await query(`update platform.log_cursor set status = 'FOLLOWING' where consumer = '${NOTES}.next'`);
  const payload = { id: id(1), text: 'x' };
  await small.store.write({ locks: [], origin: {} }, async ({ sql, publish }) => {
    await sql
      .insertInto('note')
      .values({ ...payload, version: 201 })
      .execute();
    for (let aggregateVersion = 1; aggregateVersion <= 201; aggregateVersion++)
      publish(noteWritten, { aggregateId: id(1), aggregateVersion, payload });
  });
  const { consumer } = kept();
  while ((await consumer.step()) === 'more');
  expect(await wrong()).toEqual([]);
  await small.kysely.transaction().execute(async (transaction) => {
    await hold(transaction, NOTES);
    // It would wait for the projection here, and the projection for it.
    expect(await finishRebuild(small.kysely, PLACE, 1)).toBe('BEHIND');
  });
  await run();
  await until('it is over', isOver);
  await isRight();
});

test('one that is given up leaves nothing behind, and the old tables as they were', async () => {
  const held = gate();
  await filled(50, held);
  const old = await oid();
  await ask();
  await begun();
  await until('a page is in', async () => (await row(`${NOTES}.next`))?.backfilled > 0);
  expect(await giveUp()).toBe(true);
  held.open();
  await until('it is cleared away', isOver);
  expect(await leftovers()).toEqual([]);
  expect(await oid()).toBe(old);
  await small.write(id(1));
  await isRight();
  expect(await giveUp()).toBe(false);
  expect((await row()).tables_version).toBe(1);
});

test('an event that fails is parked for the rebuild, and is the projection’s own after the exchange', async () => {
  let isBroken = true;
  const held = gate();
  const onEvent = (note: string): void => {
    if (isBroken && note === id(2)) throw new Error('cannot be shown');
  };
  await filled(50, { onPage: held.onPage, onEvent });
  await ask();
  await begun();
  // Parked for the old tables, and after its page for the new ones too.
  await until('its page is in', async () => (await row(`${NOTES}.next`))?.backfilled > 0);
  await small.write(id(2));
  await small.write(id(2));
  await until('they are parked', async () => (await query('select from platform.parked_event')).length === 2);
  held.open();
  await until('it is over', isOver);
  expect(await query('select consumer, event->>$$aggregate_id$$ as note from platform.parked_event')).toEqual([
    { consumer: NOTES, note: id(2) },
    { consumer: NOTES, note: id(2) },
  ]);
  expect(await wrong()).toMatchObject([{ id: id(2), version: 3, shown: 1 }]);
  isBroken = false;
  await query('update platform.parked_event set next_at = now()');
  await isRight();
  expect(await query('select from platform.parked_event')).toEqual([]);
});

describe('another version', () => {
  test('is filled beside the old one as soon as a process has it, and older processes leave its tables alone', async () => {
    await filled(30);
    await small.write(id(1));
    await isRight();
    const newer = await run({ version: 2, prefix: '>' });
    await until('the new version is there', async () => (await row()).tables_version === 2);
    await small.write(id(2));
    await isRight('>');
    // The only process left is of the release before.
    await newer();
    await small.write(id(2));
    await until('it has looked', async () => (await query(`select from platform.event_log`)).length === 3);
    expect(await wrong('>')).toHaveLength(1);
    // It leaves alone what an operator asks for of the tables as they are: that is for a process that is no older.
    expect(await ask()).toBe('ASKED');
    expect(await beginRebuild(small.kysely, PLACE, mine(1))).toBe(false);
    const again = await run({ version: 2, prefix: '>' });
    await until('it is over', isOver);
    await isRight('>');
    expect((await row()).tables_version).toBe(2);
    await again();
    // A release that goes back: an operator asks for its version.
    expect(await ask(1)).toBe('ASKED');
    await until('the old version is there again', async () => (await row()).tables_version === 1);
    await isRight();
  });

  test('is not carried out by processes of the old one', async () => {
    await filled(30);
    const { consumer } = kept({ version: 2 });
    await consumer.register();
    await small.write(id(1));
    await isRight();
    expect(await row()).toMatchObject({ rebuild: 'ASKED', rebuild_version: 2, tables_version: 1 });
    expect(await leftovers()).toEqual([]);
  });
});

test('tables that are changed meanwhile, or other types that are handled, have it begin anew', async () => {
  const held = gate();
  const end = await filled(50, held);
  await ask();
  await begun();
  await query('alter table mirror.shown add column note text; create index more on mirror.shown (note)');
  held.open();
  await until('it is over', isOver);
  expect(await query(`select from pg_indexes where schemaname = 'mirror' and indexname = 'more'`)).toHaveLength(1);
  await isRight();

  await end();
  const again = gate();
  const second = await run(again);
  await ask();
  await begun();
  const more = await run({ more: readHandler() });
  await until('both are followed', async () => (await row()).types.length === 2);
  again.open();
  await second();
  await until('it is over', isOver);
  expect((await row()).types).toEqual(['note.read', 'note.written']);
  await isRight();
  await more();
});

test('a table that others refer to is not rebuilt, and goes on', async () => {
  await filled(3);
  await query(`create table mirror.other (id text references mirror.shown (id))`);
  await ask();
  await expect(query(`select platform.begin_rebuild('${NOTES}', '{shown}')`)).rejects.toThrow('has a foreign key');
  await small.write(id(1));
  await isRight();
  expect(await leftovers()).toEqual([]);
});

const CHILD = fileURLToPath(new URL('../../tests/support/note-projection-child.ts', import.meta.url));

/** Starts a process that waits to be told to begin. */
function spawnChild(): ChildProcess {
  const child = spawn(...dieWithParent(process.execPath, ['--no-warnings', CHILD, small.database.url]), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  ending.add(async () => child.kill('SIGKILL'));
  return child;
}

test('killed anywhere, a rebuild is resumed or leaves the old tables as they were', async () => {
  // Their start takes most of the time: both start while the test does something else.
  const children = [spawnChild(), spawnChild()];
  const end = await filled(300);
  await end();
  await query(`update mirror.shown set text = 'spoilt'`);
  await ask();
  for (const [index, child] of children.entries()) {
    const kill = index + 1;
    const old = await oid();
    child.stdin!.write('begin\n');
    await once(child.stdout!, 'data');
    await until(
      'it is on its way',
      async () => (await isOver()) || (await row(`${NOTES}.next`))?.backfilled > kill * 90,
    );
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(await isOver()).toBe(false);
    expect(await oid()).toBe(old);
    expect(await query(`select from mirror.shown where text = 'spoilt' and id > '${id(9)}'`)).toHaveLength(291);
    await small.write(id(kill));
    await small.write(id(700 + kill));
  }
  await run();
  await until('it is over', isOver);
  await isRight();
  expect(await leftovers()).toEqual([]);
  expect((await row()).backfilled).toBeGreaterThanOrEqual(300);
});
