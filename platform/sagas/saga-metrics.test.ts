import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { enqueueSaga } from './enqueue.ts';
import { moveHorizon } from './forget.ts';
import { runCollectors, type Sample } from '../telemetry/collectors.ts';
import { measureSagas, tryingStep } from './saga-metrics.ts';

let ground: SagaFixture;
let end: () => void;
beforeAll(async () => {
  ground = await openSagaFixture();
  end = measureSagas(ground.pool, async () => []);
});
afterAll(async () => {
  end();
  await ground?.close();
});

async function scraped(): Promise<Record<string, number>> {
  const samples: Sample[] = [];
  const failures: string[] = [];
  await runCollectors({
    reset() {},
    set: (sample) => void samples.push(sample),
    failed: (collector) => void failures.push(collector),
  });
  expect(failures).toEqual([]);
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value]),
  );
}

test('failing steps in hand are counted apart from parked ones, which every process reports alike', async () => {
  const parked = [
    ['a', 12],
    ['b', 3],
    ['c', 0], // Waits for a message, and has not failed.
  ] as const;
  await ground.kysely.transaction().execute(async (transaction) => {
    for (const [id] of parked) await enqueueSaga(transaction, 'order', id, {});
    await enqueueSaga(transaction, 'order', 'd', {}); // Resumed: in the hands of a worker.
  });
  await ground.pool.query(`update dbos.workflow_status set status = 'DELAYED' where workflow_uuid <> 'order:d'`);
  await ground.pool.query(
    `insert into platform.saga_wait (saga_id, step, attempts, until)
     select 'order:' || id, 'pay', attempts, now() from unnest($1::text[], $2::int[]) as w (id, attempts)`,
    [
      [...parked.map(([id]) => id), 'd'],
      [...parked.map(([, attempts]) => attempts), 30],
    ],
  );
  const inHand = [tryingStep('order:e', 'pay'), tryingStep('order:f', 'pay'), tryingStep('order:g', 'pay')];
  inHand[0]!.failed(1);
  inHand[1]!.failed(4);

  expect(await scraped()).toMatchObject({
    'agora_saga_steps_failing order pay': 2,
    'agora_saga_steps_parked order pay': 2,
    'agora_saga_step_failed_attempts order pay': 12,
  });
  for (const step of inHand) step.left();
});

test('the age of the saga horizon, to which keys are kept, is that of the oldest saga that may still run', async () => {
  await ground.pool.query(
    `update dbos.workflow_status set created_at = (extract(epoch from now() - interval '40 days') * 1000)::bigint`,
  );
  await moveHorizon(ground.kysely);
  const fresh = measureSagas(ground.pool, async () => []);
  const { agora_saga_horizon_age_seconds: age } = await scraped();
  fresh();
  expect(Math.floor(age! / 86_400)).toBe(40);
});
