/** Messages whose parked saga was not woken, as by a process of a release without parked sagas. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { systemClock } from '../clock.ts';
import { Unavailable } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { defineSaga } from './define-saga.ts';
import { Unheard } from './unheard.ts';
import { type SagaWorker, startSagaWorker } from './worker.ts';
import { enqueueSaga } from './enqueue.ts';

let ground: SagaFixture;
let worker: SagaWorker | undefined;
const calls: string[] = [];
const failures: string[] = [];

const step = (name: string) => ({
  name,
  agent: 'other',
  does: name,
  async run({ input }: { input: { id: string } }) {
    calls.push(`${name} ${input.id}`);
  },
});
const steps = [
  { ...step('thank'), waitsFor: { topic: 'paid', seconds: () => 3600 } },
  {
    ...step('send'),
    async run({ input }: { input: { id: string } }) {
      calls.push(`send ${input.id}`);
      if (input.id.startsWith('stuck')) throw new Unavailable('away');
    },
  },
];
const description = 'Waits for its buyer, and may get stuck then.';
const buyer = defineSaga<{ id: string }, object>({ name: 'buyer', description, steps });
/** A saga that is undone when it is called off. */
const guest = defineSaga<{ id: string }, object>({ name: 'guest', description, steps, whenRefused: step('cancel') });

beforeAll(async () => {
  ground = await openSagaFixture();
  await start();
});
afterAll(async () => {
  await worker?.stop();
  await ground?.close();
});

const start = async (): Promise<void> => {
  worker = await startSagaWorker({
    ...ground.sagas,
    executor: 'test',
    ask: undefined as never,
    clock: systemClock,
    log: silentLogger,
    sagas: [buyer, guest],
    onFailedAttempt: async (saga) => void failures.push(saga),
  });
};
const begin = (name: string, ...ids: string[]): Promise<void> =>
  ground.kysely.transaction().execute(async (transaction) => {
    for (const id of ids) await enqueueSaga(transaction, name, id, { id });
  });
const statusOf = async (id: string): Promise<string> =>
  (await ground.pool.query('select status from dbos.workflow_status where workflow_uuid = $1', [id])).rows[0]?.status;
const is = (status: string, ...ids: string[]) =>
  until(`${ids.join(', ')}: ${status}`, async () =>
    (await Promise.all(ids.map(statusOf))).every((it) => it === status),
  );
/** Writes a message as an earlier release does, without waking the saga. */
const send = (id: string, topic: string) =>
  ground.pool.query(`select dbos.send_message($1, '{}'::json, $2, $3)`, [id, topic, `${id} ${topic} ${Math.random()}`]);
const waitsOf = async (id: string): Promise<string[]> =>
  (await ground.pool.query('select step from platform.saga_wait where saga_id = $1', [id])).rows.map(
    ({ step }) => step,
  );

test('a message that was only written wakes its saga, also if it came while no worker was there', async () => {
  await begin('buyer', 'a', 'b', 'other');
  await is('DELAYED', 'buyer:a', 'buyer:b', 'buyer:other');
  await send('buyer:other', 'something else');
  await send('buyer:a', 'paid');
  await is('SUCCESS', 'buyer:a');
  await worker!.stop();
  await send('buyer:b', 'paid');
  await start();
  await is('SUCCESS', 'buyer:b');
  expect(calls).toEqual(['thank a', 'send a', 'thank b', 'send b']);
  expect(await statusOf('buyer:other')).toBe('DELAYED');
});

test('a message that a saga no longer waits for does not wake it', async () => {
  await begin('guest', 'stuck');
  await is('DELAYED', 'guest:stuck');
  await send('guest:stuck', 'paid');
  await until('it is stuck', async () => failures.length > 0 && (await statusOf('guest:stuck')) === 'DELAYED');
  expect(await waitsOf('guest:stuck')).toEqual(['send']);
  await ground.pool.query(
    `with later as (update platform.saga_wait set until = now() + interval '1 hour')
     update dbos.workflow_status set delay_until_epoch_ms = delay_until_epoch_ms + 3600000 where status = 'DELAYED'`,
  );
  await send('guest:stuck', 'paid');
  await new Unheard(ground.sagas.pool).wake();
  expect(await statusOf('guest:stuck')).toBe('DELAYED');
  // A topic that every saga hears does: here that its subject has ended.
  await send('guest:stuck', 'end');
  await is('SUCCESS', 'guest:stuck');
  expect(calls.at(-1)).toBe('cancel stuck');
});

test('a look reads a handful of rows beside twenty thousand parked sagas and as many old messages', async () => {
  await worker!.stop();
  worker = undefined;
  const parked = `from (select 'buyer:many' || n as id from generate_series(1, 20000) n) named`;
  const { pool } = ground;
  await pool.query(
    `insert into dbos.workflow_status (workflow_uuid, name, status, delay_until_epoch_ms)
     select id, 'buyer', 'DELAYED', 9e12 ${parked}`,
  );
  await pool.query(
    `insert into platform.saga_wait (saga_id, step, attempts, until, topic)
     select id, 'waits for paid 0', 0, 'infinity', 'paid' ${parked}`,
  );
  // Messages to sagas that had ended before.
  await pool.query(
    `insert into dbos.notifications (destination_uuid, topic, message, created_at_epoch_ms)
     select 'buyer:a', 'end', '{}', n from generate_series(1, 20000) n`,
  );
  await pool.query('analyze dbos.workflow_status, dbos.notifications, platform.saga_wait');
  await send('buyer:many7', 'paid');
  const client = await pool.connect();
  try {
    // PostgreSQL counts by table the rows that a transaction has read.
    await client.query('begin');
    const read = async (): Promise<number> =>
      (
        await client.query<{ rows: number }>(
          `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows from pg_stat_xact_user_tables
            where relname in ('workflow_status', 'notifications', 'saga_wait')`,
        )
      ).rows[0]!.rows;
    const before = await read();
    const woken = () => client.query(`select workflow_uuid as id from dbos.workflow_status where status = 'ENQUEUED'`);
    await new Unheard(client as never).wake();
    expect((await read()) - before).toBeLessThan(50);
    expect((await woken()).rows).toEqual([{ id: 'buyer:many7' }]);
    await client.query('rollback');
  } finally {
    client.release();
  }
});
