import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { enqueueSaga, signalSaga } from './enqueue.ts';
import { forgetSagas, moveHorizon } from './forget.ts';

const NOW = new Date('2026-06-01T00:00:00Z').getTime();
const DAY = 86_400_000;

let ground: SagaFixture;

beforeAll(async () => {
  ground = await openSagaFixture();
});

afterAll(() => ground?.close());

/** Sagas that ended so many days ago, with all records that DBOS may have of one. */
async function ended(ids: readonly string[], status: string, days?: number): Promise<void> {
  // No transaction may be long.
  for (let at = 0; at < ids.length; at += 100)
    await ground.kysely.transaction().execute(async (transaction) => {
      for (const id of ids.slice(at, at + 100)) {
        await enqueueSaga(transaction, 'old', id, { id });
        await signalSaga(transaction, `old:${id}`, 'paid', null, `paid ${id}`);
      }
    });
  const workflows = ids.map((id) => `old:${id}`);
  await sql`insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output)
    select id, 0, 'reserve', '{}' from unnest(${workflows}::text[]) as id`.execute(ground.kysely);
  await sql`insert into dbos.workflow_output (workflow_uuid, output) select unnest(${workflows}::text[]), '{}'`.execute(
    ground.kysely,
  );
  const endedAt = days === undefined ? null : NOW - days * DAY;
  await sql`update dbos.workflow_status set status = ${status}, completed_at = ${endedAt}
    where workflow_uuid = any(${workflows})`.execute(ground.kysely);
}

const waitsLeft = async (): Promise<string[]> =>
  (await ground.pool.query('select distinct saga_id as id from platform.saga_wait order by 1')).rows.map(
    ({ id }) => id,
  );

const TABLES = {
  workflow_status: 'workflow_uuid',
  workflow_input: 'workflow_uuid',
  workflow_output: 'workflow_uuid',
  operation_outputs: 'workflow_uuid',
  notifications: 'destination_uuid',
};

async function left(): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const [table, column] of Object.entries(TABLES)) {
    const { rows } = await ground.pool.query(`select ${column} as id from dbos.${table} order by 1`);
    all[table] = rows.map(({ id }) => id.replace('old:', ''));
  }
  return all;
}

test('old ended sagas are deleted with all their records; running, failed and young ones stay', async () => {
  const old = Array.from({ length: 1100 }, (_, n) => `${n}`);
  await ended(old, 'SUCCESS', 31);
  await ended(['cancelled'], 'CANCELLED', 40);
  await ended(['failed'], 'ERROR', 31);
  await ended(['runs'], 'PENDING');
  await ended(['young'], 'SUCCESS', 29);

  await ground.pool.query(
    `insert into platform.saga_wait (saga_id, step, attempts, until) select unnest($1::text[]), 'pay', 3, now()`,
    [['old:7', 'old:runs']],
  );

  const told: string[] = [];
  const forgotten = await forgetSagas(
    ground.kysely,
    new Date(NOW - 30 * DAY),
    new AbortController().signal,
    async (ids) => void told.push(...ids),
  );

  expect(forgotten).toBe(1101);
  expect(new Set(told)).toEqual(new Set([...old, 'cancelled'].map((id) => `old:${id}`)));
  const stays = ['failed', 'runs', 'young'];
  expect(await left()).toEqual(Object.fromEntries(Object.keys(TABLES).map((table) => [table, stays])));
  expect(await waitsLeft()).toEqual(['old:runs']);
});

test('the deletion stops between two chunks when its signal aborts', async () => {
  await ended(
    Array.from({ length: 600 }, (_, n) => `again ${n}`),
    'SUCCESS',
    31,
  );
  const ending = new AbortController();
  const stop = async (): Promise<void> => ending.abort();
  expect(await forgetSagas(ground.kysely, new Date(NOW - 30 * DAY), ending.signal, stop)).toBe(500);
});

test('the horizon is the start of the oldest saga that may still run, or a day ago', async () => {
  const since = async () => {
    await moveHorizon(ground.kysely);
    const { rows } = await ground.pool.query('select now() - since as ago, since from platform.saga_horizon');
    return rows[0];
  };
  await ground.pool.query('delete from dbos.workflow_status');
  expect((await since()).ago.days).toBe(1);
  const long = Date.parse('2020-01-01T00:00:00Z');
  for (const [status, completedAt, holds] of [
    ['ENQUEUED', null, true],
    ['PENDING', null, true],
    ['DELAYED', null, true],
    ['ERROR', Date.now(), true], // A worker may still correct its end as a mistake.
    ['ERROR', Date.now() - DAY, false],
    ['CANCELLED', Date.now(), false],
    ['SUCCESS', Date.now(), false],
  ] as const) {
    await ended([status], status);
    await ground.pool.query('update dbos.workflow_status set created_at = $1, completed_at = $2', [long, completedAt]);
    expect([status, completedAt, (await since()).since.getTime() === long]).toEqual([status, completedAt, holds]);
    await ground.pool.query('delete from dbos.workflow_status');
    for (const table of ['workflow_output', 'operation_outputs']) await ground.pool.query(`delete from dbos.${table}`);
  }
});
