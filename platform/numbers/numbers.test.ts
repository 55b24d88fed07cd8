import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { IN_NOTES, NOTE_NUMBERS, writeNumbered } from '../../tests/support/numbered-notes.ts';
import { openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { dieWithParent } from '../die-with-parent.ts';
import { newId } from '../ids.ts';
import { numberSeries } from './number-series.ts';
import { numberViolations } from './number-violations.ts';

let small: SmallAgent;
beforeAll(async () => {
  small = await openSmallAgent();
});
afterAll(() => small?.database.drop());
beforeEach(() => small.database.pool.query('truncate platform.event_log, small.note, small.number_series'));

const violations = () => numberViolations(small.kysely, NOTE_NUMBERS, IN_NOTES);
const write = (note: Partial<Parameters<typeof writeNumbered>[2]> = {}, series = NOTE_NUMBERS) =>
  writeNumbered(small.store, series, { id: newId('note'), ...note });
const numbers = async (): Promise<string[]> =>
  (await small.database.pool.query<{ text: string }>('select text from small.note order by text')).rows.map(
    ({ text }) => text,
  );
const rows = async () => (await small.database.pool.query('select * from small.number_series order by 1, 2, 3')).rows;

const at = (iso: string) => ({ at: new Date(iso) });

test('the numbers of an owner and year begin at 1 and follow one another', async () => {
  const drawn = [
    await write({ owner: 'a', ...at('2026-05-01T12:00:00Z') }),
    await write({ owner: 'a', ...at('2026-12-31T23:59:59Z') }),
    await write({ owner: 'b', ...at('2026-05-01T12:00:00Z') }),
    await write({ owner: 'a', ...at('2027-01-01T00:00:00Z') }),
    await write({ owner: 'a', timeZone: 'America/Los_Angeles', ...at('2027-01-01T00:00:00Z') }),
  ];
  expect(drawn).toEqual(['N-2026-000001', 'N-2026-000002', 'N-2026-000001', 'N-2027-000001', 'N-2026-000003']);
  expect(await violations()).toEqual([]);
});

test('a series that never restarts goes on in the new year', async () => {
  const series = numberSeries({ ...NOTE_NUMBERS, name: 'ever', restarts: 'NEVER' });
  expect([await write(at('2026-12-31T12:00:00Z'), series), await write(at('2027-01-01T12:00:00Z'), series)]).toEqual([
    'N-000001',
    'N-000002',
  ]);
});

test('a transaction that is rolled back gives its number back, the first of a series too', async () => {
  await expect(write({ rollsBack: true })).rejects.toThrow('rolled back');
  expect(await rows()).toEqual([]);
  const first = await write();
  await expect(write({ rollsBack: true })).rejects.toThrow('rolled back');
  const second = await write();
  expect([first, second].map((number) => number.slice(-1))).toEqual(['1', '2']);
  expect(await violations()).toEqual([]);
});

test('a number that is asked for after numbers were drawn is refused, and nothing is drawn', async () => {
  const of = { owner: 'shop', timeZone: 'UTC', at: new Date() };
  const late = small.store.write({ locks: [], origin: {} }, async (work) => {
    work.drawNumber(NOTE_NUMBERS, of, async () => work.drawNumber(NOTE_NUMBERS, of, async () => {}));
  });
  await expect(late).rejects.toMatchObject({ code: 'NUMBER_LATE' });
  expect(await rows()).toEqual([]);
});

test('the number is published with the transaction that drew it', async () => {
  const number = await write();
  const { rows: events } = await small.database.pool.query('select payload from platform.event_log');
  expect(events).toEqual([{ payload: expect.objectContaining({ text: number }) }]);
});

test('times of issue never fall, also when the clock of a process is behind', async () => {
  const issued: Date[] = [];
  for (const time of ['2026-05-01T12:00:01Z', '2026-05-01T12:00:00Z', '2026-05-01T12:00:02Z'])
    await small.store.write({ locks: [], origin: {} }, async (work) => {
      work.drawNumber(NOTE_NUMBERS, { owner: 'shop', timeZone: 'UTC', ...at(time) }, async ({ issuedAt }) => {
        issued.push(issuedAt);
      });
    });
  expect(issued.map((time) => time.toISOString())).toEqual([
    '2026-05-01T12:00:01.000Z',
    '2026-05-01T12:00:01.000Z',
    '2026-05-01T12:00:02.000Z',
  ]);
});

test('transactions that draw from two series in opposite order do not hold each other up', async () => {
  const other = numberSeries({ ...NOTE_NUMBERS, name: 'other' });
  let runs = 0;
  const draw = (series: readonly (typeof other)[]) =>
    small.store.write({ locks: [], origin: {} }, async (work) => {
      runs++;
      for (const one of series)
        work.drawNumber(one, { owner: 'shop', timeZone: 'UTC', at: new Date() }, async () => {});
    });
  await Promise.all(Array.from({ length: 40 }, (_, n) => draw(n % 2 ? [NOTE_NUMBERS, other] : [other, NOTE_NUMBERS])));
  expect((await rows()).map(({ series, last }) => [series, last])).toEqual([
    ['note', 40n],
    ['other', 40n],
  ]);
  // One that had lost a deadlock would have run again.
  expect(runs).toBe(40);
});

test('those who wait for a number draw in the order in which they came', async () => {
  const waiting = async (): Promise<number> => {
    const { rows: waits } = await small.database.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waits.length;
  };
  const drawn: string[] = [];
  const WAITERS = 6;
  const draw = (who: string, use = async () => {}) =>
    small.store.write({ locks: [], origin: {} }, async (work) => {
      work.drawNumber(NOTE_NUMBERS, { owner: 'shop', timeZone: 'UTC', ...at('2026-05-01T00:00:00Z') }, async () => {
        drawn.push(who);
        await use();
      });
    });
  const writers: Promise<void>[] = [];
  await draw('first', async () => {
    for (let n = 0; n < WAITERS; n++) {
      writers.push(draw(`waiter ${n}`));
      await until(`${n + 1} wait`, async () => (await waiting()) === n + 1);
    }
  });
  await Promise.all(writers);
  expect(drawn).toEqual(['first', ...Array.from({ length: WAITERS }, (_, n) => `waiter ${n}`)]);
});

test('one transaction draws several numbers, in the order in which it asked', async () => {
  const may = at('2026-05-01T00:00:00Z');
  await write(may);
  const drawn: string[] = [];
  await small.store.write({ locks: [], origin: {} }, async (work) => {
    for (const owner of ['shop', 'b', 'shop', 'shop'])
      work.drawNumber(NOTE_NUMBERS, { owner, timeZone: 'UTC', ...may }, async ({ number }) => {
        drawn.push(`${owner} ${number}`);
      });
  });
  expect(drawn).toEqual(['shop N-2026-000002', 'b N-2026-000001', 'shop N-2026-000003', 'shop N-2026-000004']);
  expect(await write(may)).toBe('N-2026-000005');
});

test.each([
  ['a gap', `update small.note set text = '' where text like '%2'`, /N-\d+-000002 of shop is issued 0 times/],
  [
    'a double',
    `update small.note set text = left(text, -1) || '1' where text like '%2'`,
    /000001 of shop is issued 2 times/,
  ],
  [
    'a number that was never drawn',
    `update small.note set text = left(text, -1) || '9' where text like '%2'`,
    /000009 of "shop" is issued and was never drawn/,
  ],
])('the checker finds %s', async (_, tamper, found) => {
  for (let n = 0; n < 3; n++) await write();
  expect(await violations()).toEqual([]);
  await small.database.pool.query(tamper);
  expect((await violations()).join('\n')).toMatch(found);
});

const CHILD = fileURLToPath(new URL('../../tests/support/number-child.ts', import.meta.url));
const [PROCESSES, WRITERS] = [5, 10];

async function spawnWriters(): Promise<ChildProcess> {
  const command = dieWithParent(process.execPath, ['--no-warnings', CHILD, small.database.url, String(WRITERS)]);
  const child = spawn(...command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [reason] = await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
  if (!Buffer.isBuffer(reason)) throw new Error(`a process of writers ended at its start: ${reason}`);
  return child;
}

/** Kills a process that is to run still. */
async function end(child: ChildProcess): Promise<void> {
  expect(child.exitCode).toBe(null);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('fifty writers in processes that are killed while they draw leave no gap and no double', async () => {
  const children = await Promise.all(Array.from({ length: PROCESSES }, spawnWriters));
  try {
    for (let kill = 0; kill < 12; kill++) {
      const before = (await numbers()).length;
      await until('numbers are drawn', async () => (await numbers()).length > before + 50);
      const at = kill % PROCESSES;
      await end(children[at]!);
      children[at] = await spawnWriters();
    }
  } finally {
    await Promise.all(children.map(end));
  }
  // The servers of killed clients finish their statements, and then roll back.
  await until('all writers are gone', async () => {
    const { rows: left } = await small.database.pool.query(
      `select from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`,
    );
    return left.length === 0;
  });
  expect(await violations()).toEqual([]);
  expect((await rows()).map(({ owner }) => owner)).toEqual(['other', 'shop']);
  expect(await numbers()).not.toContain('');
});
