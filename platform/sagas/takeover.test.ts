/** Takeover between two workers in processes of their own, one of which dies. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  beginEffects,
  type EffectInput,
  effectSets,
  effectsOf,
  readEffects,
} from '../../tests/support/effect-sagas.ts';
import { type TestDatabase, testDatabase } from '../../tests/support/database.ts';
import { until } from '../../tests/support/until.ts';
import { createPool } from '../../db/pool.ts';
import { prepareSagas } from './worker.ts';
import { dieWithParent } from '../die-with-parent.ts';

const CHILD = fileURLToPath(new URL('../../tests/support/saga-child.ts', import.meta.url));

let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await testDatabase({ sets: effectSets });
  const pool = createPool({ url: database.url, max: 4, name: 'agora test prepare', int8: 'text' });
  await prepareSagas({ url: database.url, pool });
  await pool.end();
});

afterAll(() => database?.drop());

afterEach(() => Promise.all(children.splice(0).map((child) => end(child, 'SIGKILL'))));

async function startWorker(instance: string): Promise<ChildProcess> {
  const child = spawn(...dieWithParent(process.execPath, ['--no-warnings', CHILD, database.url, instance]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout!, 'data');
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill(signal);
  await ended;
}

/** Kills a worker, and waits for the end of its statements in the database. Returns the sagas that it left. */
async function kill(child: ChildProcess, instance: string): Promise<string[]> {
  await end(child, 'SIGKILL');
  await until('its connections have ended', async () => {
    const { rows } = await database.pool.query('select from pg_stat_activity where application_name like $1', [
      `agora test ${instance} %`,
    ]);
    return rows.length === 0;
  });
  const left = await claimedBy(instance);
  expect(left).not.toEqual([]);
  return left;
}

const inputsNamed = (name: string, stepMs: number): EffectInput[] =>
  Array.from({ length: 20 }, (_, n) => ({ id: `${name}${n}`, refused: n % 4 === 0, stepMs }));

const claimedBy = async (instance: string): Promise<string[]> =>
  (
    await database.pool.query(
      `select workflow_uuid as id from dbos.workflow_status where status = 'PENDING' and executor_id like $1`,
      [`${instance}:%`],
    )
  ).rows.map(({ id }) => id);

const leasesOf = async (instance: string): Promise<number> =>
  (await database.pool.query('select from platform.saga_worker where instance = $1', [instance])).rowCount!;

/** Waits until all sagas have ended, and checks that each effect is there once. */
async function untilDone(inputs: readonly EffectInput[], saga = 'effects'): Promise<void> {
  await until('all have ended', async () => {
    const { statuses } = await readEffects(database.pool);
    return inputs.every(({ id }) => statuses.get(`${saga}:${id}`) === 'SUCCESS');
  });
  const { effects } = await readEffects(database.pool);
  for (const input of inputs) expect([input.id, effects.get(input.id)]).toEqual([input.id, effectsOf(input, saga)]);
}

/** Starts sagas such that both workers have some. */
async function beginOnBoth(inputs: readonly EffectInput[], instances: readonly string[]): Promise<void> {
  for (const input of inputs) {
    await beginEffects(database.kysely, [input]);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await until('both have claimed some', async () =>
    (await Promise.all(instances.map(claimedBy))).every((claimed) => claimed.length > 0),
  );
}

test('sagas of a worker that is killed are taken over by the other, each effect once', async () => {
  const [dying] = [await startWorker('first'), await startWorker('second')];
  const inputs = inputsNamed('killed', 300);
  await beginOnBoth(inputs, ['first', 'second']);
  const left = await kill(dying!, 'first');
  await untilDone(inputs);
  // By the database's clock: while its lease held, the dead worker might have been alive.
  const { rows } = await database.pool.query(
    `select distinct split_part(executor_id, ':', 1) as by, started_at_epoch_ms >= extract(epoch from expires_at) * 1000 as later
       from dbos.workflow_status, platform.saga_worker where workflow_uuid = any($1) and instance = 'first'`,
    [left],
  );
  expect(rows).toEqual([{ by: 'second', later: true }]);
});

test('a worker that was suspended for longer than its lease repeats no step when it goes on', async () => {
  const [slow] = [await startWorker('third'), await startWorker('fourth')];
  const inputs = inputsNamed('slow', 300);
  await beginOnBoth(inputs, ['third', 'fourth']);
  slow!.kill('SIGSTOP');
  await until('what it had is taken over', async () => (await claimedBy('third')).length === 0);
  slow!.kill('SIGCONT');
  await untilDone(inputs);
  // The step that it was running may still complete.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { effects } = await readEffects(database.pool);
  expect(inputs.map(({ id }) => effects.get(id))).toEqual(inputs.map((input) => effectsOf(input)));
});

test('a worker that is restarted under its name resumes its sagas at once, though the old lease holds', async () => {
  const dying = await startWorker('fifth');
  const inputs = inputsNamed('again', 100);
  await beginEffects(database.kysely, inputs);
  await until('it has claimed some', async () => (await claimedBy('fifth')).length > 0);
  await kill(dying, 'fifth');
  // So that nothing but its name explains the takeover.
  await database.pool.query(`update platform.saga_worker set expires_at = 'infinity' where instance = 'fifth'`);
  await startWorker('fifth');
  await untilDone(inputs);
});

test('a worker that stops hands its unfinished sagas to the other at once', async () => {
  const [stopping] = [await startWorker('sixth'), await startWorker('seventh')];
  const inputs = inputsNamed('stopped', 300);
  await beginOnBoth(inputs, ['sixth', 'seventh']);
  await end(stopping!, 'SIGTERM');
  expect([await claimedBy('sixth'), await leasesOf('sixth')]).toEqual([[], 0]);
  await untilDone(inputs);
});

test('a worker killed repeatedly while sagas are parked and resumed loses none and repeats no effect', async () => {
  const inputs = Array.from({ length: 20 }, (_, n) => ({
    id: `parked${n}`,
    refused: n % 4 === 0,
    stepMs: 10,
    waitSeconds: 3,
  }));
  await beginEffects(database.kysely, inputs);
  // At another moment each time: during the first steps, the parking, the waiting, the resumption.
  for (let n = 0; n < 6; n++) {
    const dying = await startWorker('eighth');
    await new Promise((resolve) => setTimeout(resolve, 150 + 250 * n));
    await end(dying, 'SIGKILL');
  }
  await startWorker('eighth');
  await untilDone(inputs);
  expect(await claimedBy('eighth')).toEqual([]);
});

test('a worker killed repeatedly between the checkpoints of stretches repeats no effect', async () => {
  const inputs = Array.from({ length: 20 }, (_, n) => ({ id: `stretched${n}`, refused: n % 4 === 0, stepMs: 60 }));
  await beginEffects(database.kysely, inputs, 'stretched');
  for (let n = 0; n < 6; n++) {
    const dying = await startWorker('ninth');
    await new Promise((resolve) => setTimeout(resolve, 60 + 70 * n));
    await end(dying, 'SIGKILL');
  }
  await startWorker('ninth');
  await untilDone(inputs, 'stretched');
  // The saga's end keeps the last stretch, but a step of it that failed once has a checkpoint of its own.
  const { rows } = await database.pool.query(
    `select coalesce(step ->> 'step', name) as step
       from (select function_name as name, output::jsonb #> '{json,steps}' as steps
               from dbos.operation_outputs where workflow_uuid = $1
              union all
             select 'end', output::jsonb -> 'steps' from dbos.workflow_output where workflow_uuid = $1) kept
       left join lateral jsonb_array_elements(steps) step on true
      where coalesce(step ->> 'step', name) in ('confirm', 'ship') order by 1`,
    ['stretched:stretched1'],
  );
  expect(rows).toEqual([{ step: 'confirm' }, { step: 'ship' }]);
});
