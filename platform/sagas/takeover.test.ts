/** Two workers in processes of their own, of which one dies. */
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
import { LEASE_SECONDS } from './lease.ts';
import { prepareSagas } from './worker.ts';
import { tethered } from '../tethered.ts';

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
  const child = spawn(...tethered(process.execPath, ['--no-warnings', CHILD, database.url, instance]), {
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

const inputsNamed = (name: string, stepMs: number): EffectInput[] =>
  Array.from({ length: 20 }, (_, n) => ({ id: `${name}${n}`, refused: n % 4 === 0, stepMs }));

const claimedBy = async (instance: string): Promise<number> =>
  (
    await database.pool.query(
      `select count(*)::int as n from dbos.workflow_status where status = 'PENDING' and executor_id like $1`,
      [`${instance}:%`],
    )
  ).rows[0].n;

/** How long it takes until all have ended, each effect there once. */
async function secondsUntilDone(inputs: readonly EffectInput[]): Promise<number> {
  const started = performance.now();
  const deadline = started + 20_000;
  const ids = inputs.map(({ id }) => `effects:${id}`);
  let { statuses, effects } = await readEffects(database.pool);
  while (ids.some((id) => statuses.get(id) !== 'SUCCESS') && performance.now() < deadline)
    ({ statuses, effects } = await readEffects(database.pool));
  for (const input of inputs) expect([input.id, effects.get(input.id)]).toEqual([input.id, effectsOf(input)]);
  return (performance.now() - started) / 1000;
}

/** Starts sagas such that both workers have some. */
async function beginOnBoth(inputs: readonly EffectInput[], instances: readonly string[]): Promise<void> {
  for (const input of inputs) {
    await beginEffects(database.kysely, [input]);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await until('both have claimed some', async () =>
    (await Promise.all(instances.map(claimedBy))).every((claimed) => claimed > 0),
  );
}

test('killed amid twenty sagas, a worker is replaced by the other, each effect once', async () => {
  const [dying] = [await startWorker('first'), await startWorker('second')];
  const inputs = inputsNamed('killed', 300);
  await beginOnBoth(inputs, ['first', 'second']);
  await end(dying!, 'SIGKILL');
  expect(await claimedBy('first')).toBeGreaterThan(0);
  expect(await secondsUntilDone(inputs)).toBeLessThan(15);
});

test('a worker that only stands still for longer than its lease does no step again when it goes on', async () => {
  const [slow] = [await startWorker('third'), await startWorker('fourth')];
  const inputs = inputsNamed('slow', 300);
  await beginOnBoth(inputs, ['third', 'fourth']);
  slow!.kill('SIGSTOP');
  setTimeout(() => slow!.kill('SIGCONT'), (LEASE_SECONDS + 2) * 1000);
  await secondsUntilDone(inputs);
  // What it was at when it stopped may still come to its end.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { effects } = await readEffects(database.pool);
  expect(inputs.map(({ id }) => effects.get(id))).toEqual(inputs.map(effectsOf));
});

test('started again under its name, a worker goes on at once with what it left, though its lease still runs', async () => {
  const dying = await startWorker('fifth');
  const inputs = inputsNamed('again', 100);
  await beginEffects(database.kysely, inputs);
  await until('it has claimed some', async () => (await claimedBy('fifth')) > 0);
  await end(dying, 'SIGKILL');
  await startWorker('fifth');
  expect(await secondsUntilDone(inputs)).toBeLessThan(LEASE_SECONDS);
});

test('a worker that stops gives what is unfinished to the other at once', async () => {
  const [stopping] = [await startWorker('sixth'), await startWorker('seventh')];
  const inputs = inputsNamed('stopped', 300);
  await beginOnBoth(inputs, ['sixth', 'seventh']);
  await end(stopping!, 'SIGTERM');
  expect(await claimedBy('sixth')).toBe(0);
  expect(await secondsUntilDone(inputs)).toBeLessThan(LEASE_SECONDS);
});

test('killed again and again while its sagas are parked and come back, a worker loses none and does nothing twice', async () => {
  const inputs = Array.from({ length: 20 }, (_, n) => ({
    id: `parked${n}`,
    refused: n % 4 === 0,
    stepMs: 10,
    waitSeconds: 3,
  }));
  await beginEffects(database.kysely, inputs);
  const states = async (): Promise<string[]> => {
    const { statuses } = await readEffects(database.pool);
    return inputs.map(({ id }) => statuses.get(`effects:${id}`)!);
  };
  // At another moment each time: amid the first steps, the parking, the waiting, the coming back.
  for (let n = 0; n < 6; n++) {
    const dying = await startWorker('eighth');
    await new Promise((resolve) => setTimeout(resolve, 150 + 250 * n));
    await end(dying, 'SIGKILL');
  }
  await startWorker('eighth');
  await until('all have ended', async () => (await states()).every((state) => state === 'SUCCESS'));
  const { effects } = await readEffects(database.pool);
  expect(inputs.map(({ id }) => effects.get(id))).toEqual(inputs.map(effectsOf));
});
