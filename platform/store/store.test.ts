import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { noteWritten, openSmallAgent, type SmallAgent } from '../../tests/support/small-agent.ts';
import { until } from '../../tests/support/until.ts';
import { refuse } from '../errors.ts';
import { raw } from '../data/raw.ts';

let small: SmallAgent;

beforeAll(async () => {
  small = await openSmallAgent();
});

afterAll(() => small?.database.drop());

beforeEach(async () => {
  await small.database.pool.query('truncate platform.event_log, small.note, small.idempotency');
});

const count = async (table: string): Promise<number> =>
  Number((await small.database.pool.query(`select count(*) as n from ${table}`)).rows[0].n);

const event = { aggregateId: 'a', aggregateVersion: 1, payload: { id: 'a', text: 'x' } };

test('a change and its event are committed together, with their origin', async () => {
  const causationId = '01890000-0000-7000-8000-000000000001';
  await small.store.write({ locks: ['note:a'], origin: { correlationId: 'req_1', causationId } }, async (work) => {
    await work.sql.insertInto('note').values({ id: 'a', text: 'x' }).execute();
    work.publish(noteWritten, event);
  });
  expect(await count('small.note')).toBe(1);
  const { rows } = await small.database.pool.query('select * from platform.event_log');
  expect(rows).toEqual([
    expect.objectContaining({
      type: 'note.written',
      source: 'small',
      aggregate_type: 'note',
      aggregate_id: 'a',
      aggregate_version: 1,
      correlation_id: 'req_1',
      causation_id: causationId,
      payload: event.payload,
    }),
  ]);
});

test('a rollback leaves neither the change nor the event, and sends no notification', async () => {
  const notified: unknown[] = [];
  const waiter = small.notifier.listen();
  const hear = waiter.hear.bind(waiter);
  waiter.hear = (types) => (notified.push(types), hear(types));
  const refused = small.store.write({ locks: [], origin: {} }, async ({ sql, publish }) => {
    await sql.insertInto('note').values({ id: 'a', text: 'x' }).execute();
    publish(noteWritten, event);
    throw refuse('INVALID_STATE', 'No.');
  });
  await expect(refused).rejects.toThrow('No.');
  expect([await count('small.note'), await count('platform.event_log')]).toEqual([0, 0]);
  expect(notified).toEqual([]);
  await small.write('a');
  expect(notified).toEqual([['note.written']]);
  waiter.close();
});

test('an event that does not fit its definition is a defect of the sender, and undoes the change', async () => {
  const wrong = small.store.write({ locks: [], origin: {} }, async ({ sql, publish }) => {
    await sql.insertInto('note').values({ id: 'a', text: 'x' }).execute();
    publish(noteWritten, { ...event, payload: { id: 'a', text: 7 as never } });
  });
  await expect(wrong).rejects.toMatchObject({ name: 'ZodError' });
  expect([await count('small.note'), await count('platform.event_log')]).toEqual([0, 0]);
});

test('the lock is taken before the transaction has an id, so the events of one aggregate are in order', async () => {
  const versions = await Promise.all(Array.from({ length: 20 }, () => small.write('a')));
  expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  const { rows } = await small.database.pool.query(
    'select aggregate_version as v from platform.event_log order by xid, position',
  );
  expect(rows.map((row) => row.v)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

test('two writes that end in a deadlock are both carried out, the loser by a retry', async () => {
  let runs = 0;
  await small.database.pool.query(`insert into small.note (id, text) values ('a', '0'), ('b', '0')`);
  const inside = { a: false, b: false };
  const crossing = (first: 'a' | 'b', second: 'a' | 'b') =>
    small.store.write({ locks: [], origin: {} }, async ({ sql, publish }) => {
      runs++;
      await sql
        .updateTable('note')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('id', '=', first)
        .execute();
      publish(noteWritten, { ...event, aggregateId: first });
      inside[first] = true;
      await until('both hold their first row', () => inside[second]);
      await sql
        .updateTable('note')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('id', '=', second)
        .execute();
    });
  await Promise.all([crossing('a', 'b'), crossing('b', 'a')]);
  // Mostly three: the loser may lock its first row again before the other wakes, and then one of them loses once more.
  expect(runs).toBeGreaterThanOrEqual(3);
  const { rows } = await small.database.pool.query('select id, version from small.note order by id');
  expect(rows).toEqual([
    { id: 'a', version: 3 },
    { id: 'b', version: 3 },
  ]);
  expect(await count('platform.event_log')).toBe(2);
});

test('any other fault is not retried', async () => {
  let runs = 0;
  const failing = small.store.write({ locks: [], origin: {} }, async ({ sql }) => {
    runs++;
    await raw(sql, 'select 1 / 0');
  });
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(runs).toBe(1);
});
