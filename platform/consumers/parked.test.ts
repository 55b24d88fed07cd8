import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { noteEffect, noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { raw } from '../data/raw.ts';
import type { Consumer } from './consumer.ts';
import { on } from './handler.ts';
import { discard, redrive } from './parked.ts';

let small: SmallAgent;
let reader: Consumer;
let isBroken = true;
let attempts = 0;

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(async () => {
  isBroken = true;
  attempts = 0;
  await small.empty();
  reader = small.consumer('reader', [
    on(
      noteWritten.type,
      noteWritten.payload,
      async ({ sql }, event) => {
        attempts++;
        await noteEffect(sql, 'reader', event);
        if (isBroken && event.payload.text === 'poison') throw new Error('cannot read this');
      },
      ({ id }) => [`note:${id}`],
    ),
  ]);
  await reader.register();
  await small.write('a', 'poison');
  for (const _ of [1, 2, 3]) await small.write('a');
  await until('all four are parked', async () => (await reader.step(), (await parked()).length === 4));
});

const parked = async () =>
  (await small.database.pool.query('select * from platform.parked_event order by xid, position')).rows;
const applied = async (): Promise<number[]> =>
  (await small.database.pool.query('select version from small.effect order by n')).rows.map(({ version }) => version);
/** Makes all parked events due, as time would. */
const makeDue = () => raw(small.kysely, `update platform.parked_event set next_at = now() - interval '1 s'`);

test('a parked event is retried when it is due, not before, and those behind it not at all', async () => {
  attempts = 0;
  await raw(small.kysely, `update platform.parked_event set next_at = now() + interval '1 minute' where attempts > 0`);
  expect(await reader.retryParked()).toBe('idle');
  expect(attempts).toBe(0);
  await makeDue();
  expect(await reader.retryParked()).toBe('idle');
  expect(attempts).toBe(1);
  expect((await parked()).map((row) => row.attempts)).toEqual([2, 0, 0, 0]);
  expect(await applied()).toEqual([]);
});

test('the backoff grows with each failure', async () => {
  const delays: number[] = [];
  for (let n = 0; n < 4; n++) {
    const [head] = await parked();
    const { rows } = await raw<{ ms: number }>(
      small.kysely,
      `select extract(epoch from $1::timestamptz - now())::float8 * 1000 as ms`,
      [head.next_at],
    );
    delays.push(rows[0]!.ms);
    await makeDue();
    await reader.retryParked();
  }
  delays.forEach((delay, n) => {
    expect(delay).toBeLessThanOrEqual(500 * 2 ** n * 1.25 + 1);
    if (n > 0) expect(delay).toBeGreaterThan(500 * 2 ** n * 0.75 - 400);
  });
});

test('a parked event that can be applied is applied once, and then those behind it, in order', async () => {
  isBroken = false;
  await makeDue();
  const outcomes: string[] = [];
  await until('nothing more is due', async () => outcomes[outcomes.push(await reader.retryParked()) - 1] === 'idle');
  expect(outcomes).toEqual(['more', 'more', 'more', 'more', 'idle']);
  expect(await applied()).toEqual([1, 2, 3, 4]);
  expect(await parked()).toEqual([]);
  await small.write('a');
  await until('the next flows again', async () => (await reader.step(), (await applied()).length === 5));
});

test('an event is a dead letter after eight attempts: it is not retried, and its aggregate waits', async () => {
  for (let n = 1; n < 8; n++) {
    expect((await parked())[0]).toMatchObject({ state: 'WAITING', attempts: n });
    await makeDue();
    await reader.retryParked();
  }
  expect((await parked()).map(({ state }) => state)).toEqual(['DEAD', 'WAITING', 'WAITING', 'WAITING']);
  isBroken = false;
  attempts = 0;
  await makeDue();
  expect(await reader.retryParked()).toBe('idle');
  await small.write('a');
  await until('the new one is parked behind it', async () => (await reader.step(), (await parked()).length === 5));
  expect([attempts, await applied()]).toEqual([0, []]);
});

test('an event that is discarded during its attempt has no effect', async () => {
  isBroken = false;
  await makeDue();
  const discarding = small.consumer('reader', [
    on(noteWritten.type, noteWritten.payload, async ({ sql }, event) => {
      await noteEffect(sql, 'reader', event);
      await raw(sql, 'delete from platform.parked_event where position = $1', [event.position]);
    }),
  ]);
  // A transient fault: the consumer goes on with the others.
  await expect(discarding.retryParked()).rejects.toMatchObject({
    message: expect.stringContaining('discarded meanwhile'),
    recovery: 'RETRY',
  });
  expect(await applied()).toEqual([]);
});

test('the locks of a parked event are taken before anything is written', async () => {
  isBroken = false;
  await makeDue();
  const inside = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const command = small.store.write({ locks: ['note:a'], origin: {} }, async () => {
    inside.resolve();
    await release.promise;
  });
  await inside.promise;
  const retried = reader.retryParked();
  await until('the retry waits for the command, without a transaction id', async () => {
    const { rows } = await raw<{ backend_xid: string | null }>(
      small.kysely,
      `select backend_xid::text from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`,
    );
    return rows.length === 1 && rows[0]!.backend_xid === null;
  });
  release.resolve();
  await command;
  expect(await retried).toBe('more');
});

test('an operator redrives a dead letter, with all attempts anew, and then all of its aggregate go on', async () => {
  await raw(small.kysely, `update platform.parked_event set state = 'DEAD', attempts = 8 where attempts > 0`);
  expect(await redrive(small.kysely, 'reader', 'note:other')).toBe(0);
  expect(await redrive(small.kysely, 'other', 'note:a')).toBe(0);
  expect(await redrive(small.kysely, 'reader', 'note:a')).toBe(4);
  expect((await parked())[0]).toMatchObject({ state: 'WAITING', attempts: 0 });
  isBroken = false;
  await until('all are applied', async () => (await reader.retryParked(), (await parked()).length === 0));
  expect(await applied()).toEqual([1, 2, 3, 4]);
});

test('an operator discards a dead letter, and the events behind it go on', async () => {
  await raw(small.kysely, `update platform.parked_event set state = 'DEAD', attempts = 8 where attempts > 0`);
  const [head] = await parked();
  expect(await discard(small.kysely, 'other', head.event.id)).toBeUndefined();
  expect(await discard(small.kysely, 'reader', head.event.id)).toMatchObject({
    key: 'note:a',
    event: { id: head.event.id },
  });
  expect(await discard(small.kysely, 'reader', head.event.id)).toBeUndefined();
  await until('the others are applied', async () => (await reader.retryParked(), (await parked()).length === 0));
  expect(await applied()).toEqual([2, 3, 4]);
});
