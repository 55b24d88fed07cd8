import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { notesBackfill, notesHandlers, PAGE, projectionTables } from '../../tests/support/projection.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { dieWithParent } from '../die-with-parent.ts';
import { Unavailable } from '../errors.ts';
import { type Backfill, refill } from './backfill.ts';
import type { Consumer } from './consumer.ts';

let small: SmallAgent;
const ending = new Set<() => Promise<unknown>>();

beforeAll(async () => {
  small = await openSmallAgent();
  await small.database.pool.query(projectionTables('mirror'));
});
afterAll(() => small?.database.drop());

beforeEach(async () => {
  await small.database.pool.query(
    `truncate platform.event_log, platform.log_cursor, platform.parked_event, small.note, small.effect, mirror.shown,
              mirror.page restart identity`,
  );
});
afterEach(async () => {
  await Promise.all([...ending].map((end) => end()));
  ending.clear();
});

const query = async (text: string) => (await small.database.pool.query(text)).rows;
const shown = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await query('select id, version from mirror.shown order by id')).map(({ id, version }) => [id, version]),
  );
const notes = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await query('select id, version from small.note order by id')).map(({ id, version }) => [id, version]),
  );
/** Cursors of the applied pages, in order. */
const pages = async (): Promise<(string | null)[]> =>
  (await query('select after from mirror.page order by n')).map(({ after }) => after);
const progress = async () => (await query('select status, backfilled from platform.log_cursor'))[0];
const isFilled = async (): Promise<boolean> => (await progress())?.status === 'FOLLOWING';
const id = (n: number): string => `n${String(n).padStart(3, '0')}`;
const writeNotes = async (from: number, to: number): Promise<void> => {
  for (let n = from; n <= to; n++) await small.write(id(n));
};

const mirror = (backfill: Backfill): Consumer =>
  small.consumer('mirror', notesHandlers('mirror'), { begins: 'NOW', backfill });
const filling = (onRead: (after: string | null) => Promise<void> = async () => {}): Consumer =>
  mirror(notesBackfill(small, 'mirror', onRead));

/** Runs a consumer until the test is over. */
async function run(consumer: Consumer): Promise<void> {
  const controller = new AbortController();
  await consumer.register();
  const running = consumer.run(controller.signal);
  ending.add(async () => {
    controller.abort();
    await running;
  });
}

test('a projection is backfilled page by page before its first event, then follows the log without a gap', async () => {
  await writeNotes(1, 12);
  let isBusy = false;
  await run(
    filling(async (after) => {
      // Written after a page was read that might hold them: notes of an earlier page, and notes of a later one.
      if (after !== id(PAGE) || isBusy) return;
      isBusy = true;
      await writeNotes(2, 3);
      await writeNotes(11, 14);
    }),
  );
  await until('it is filled', isFilled);
  expect(await pages()).toEqual([null, id(5), id(10)]);
  await until(
    'it shows every note as it is',
    async () => JSON.stringify(await shown()) === JSON.stringify(await notes()),
  );
  expect(await progress()).toEqual({ status: 'FOLLOWING', backfilled: 14 });
  await small.write(id(1));
  await until('it follows', async () => (await shown())[id(1)] === 2);
});

test('each page is applied by one of several processes', async () => {
  await writeNotes(1, 24);
  await Promise.all([1, 2, 3].map(() => run(filling())));
  await until('it is filled', isFilled);
  expect(await pages()).toEqual([null, id(5), id(10), id(15), id(20)]);
});

test('a failed read is retried after the last page that was applied', async () => {
  await writeNotes(1, 12);
  let failures = 1;
  await run(
    filling(async (after) => {
      if (after === id(5) && failures-- > 0) throw new Unavailable('the owner is away');
    }),
  );
  await until('it is filled', isFilled);
  expect(await pages()).toEqual([null, id(5), id(10)]);
});

test('a page that was read for an earlier backfill is not applied to the next one', async () => {
  await writeNotes(1, 7);
  let isFirst = true;
  await run(
    filling(async (after) => {
      if (after !== id(5) || !isFirst) return;
      isFirst = false;
      expect(await small.kysely.transaction().execute((transaction) => refill(transaction, 'mirror'))).toBe(true);
    }),
  );
  await until('it is filled', isFilled);
  expect(await pages()).toEqual([null, null, id(5)]);
  expect(await progress()).toEqual({ status: 'FOLLOWING', backfilled: 7 });
});

test('a consumer whose backfill is restarted handles the events that it had not handled', async () => {
  await writeNotes(1, 3);
  const consumer = filling();
  await run(consumer);
  await until('it is filled', isFilled);
  await small.database.pool.query(`update mirror.shown set version = 0`);
  await small.kysely.transaction().execute((transaction) => refill(transaction, 'mirror'));
  await small.write(id(9));
  consumer.lookAgain();
  await until('it shows all', async () => JSON.stringify(await shown()) === JSON.stringify(await notes()));
});

test('a consumer without a backfill is not filled, and one that has lost its backfill follows the log', async () => {
  const plain = small.consumer('mirror', notesHandlers('mirror'), { begins: 'NOW' });
  await plain.register();
  expect(await small.kysely.transaction().execute((transaction) => refill(transaction, 'mirror'))).toBe(false);
  await small.database.pool.query(`update platform.log_cursor set status = 'BACKFILLING'`);
  await run(plain);
  await until('it follows', isFilled);
});

const CHILD = fileURLToPath(new URL('../../tests/support/projection-child.ts', import.meta.url));

async function spawnChild(): Promise<ChildProcess> {
  const child = spawn(...dieWithParent(process.execPath, ['--no-warnings', CHILD, small.database.url, 'mirror']), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ending.add(async () => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

test('each page counts once though the process is killed in the middle, and none is missing at the end', async () => {
  const PAGES = 60;
  await small.database.pool.query(
    `insert into small.note (id, text) select 'n' || lpad(n::text, 3, '0'), 'x' from generate_series(1, $1) n`,
    [PAGES * PAGE],
  );
  for (let kill = 1; kill <= 3; kill++) {
    const child = await spawnChild();
    await until('it is on its way', async () => (await pages()).length >= kill * 10 || (await isFilled()));
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(await isFilled()).toBe(false);
    await small.write(id(kill));
    await small.write(id(PAGES * PAGE + kill));
  }
  await spawnChild();
  await until('it is filled', isFilled);
  const applied = await pages();
  expect(new Set(applied).size).toBe(applied.length);
  expect(applied.length).toBe(PAGES + 1);
  await until(
    'it shows every note as it is',
    async () => JSON.stringify(await shown()) === JSON.stringify(await notes()),
  );
});
