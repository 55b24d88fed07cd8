/** One worker, one process, and a database that dies under it at seeded moments. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
import { kyselyOver } from '../../db/kysely.ts';
import { migrate } from '../../db/migrator.ts';
import { createPool } from '../../db/pool.ts';
import {
  beginEffects,
  type EffectInput,
  effectSets,
  effectsOf,
  readEffects,
  startEffectWorker,
} from '../../tests/support/effect-sagas.ts';
import { until } from '../../tests/support/until.ts';
import { type MortalPostgres, startMortalPostgres } from '../../tests/support/mortal-postgres.ts';
import { prepareSagas, type SagaWorker } from './worker.ts';

const SEED = Number(process.env.SEED ?? 20_261_120);
const OUTAGES = 6;
const SAGAS = 30;

let postgres: MortalPostgres;
let pools: { url: string; sagas: Pool; effects: Pool };
// biome-ignore lint/suspicious/noExplicitAny: only saga starts go through it
let kysely: Kysely<any>;
let worker: SagaWorker;

beforeAll(async () => {
  postgres = await startMortalPostgres();
  const { url } = postgres;
  await migrate(url, effectSets, () => {});
  const pool = (max: number, name: string) => createPool({ url, max, name: `agora test ${name}`, int8: 'text' });
  pools = { url, sagas: pool(6, 'sagas'), effects: pool(10, 'effects') };
  kysely = kyselyOver(pools.effects);
  await prepareSagas({ url, pool: pools.sagas });
});

afterAll(async () => {
  await Promise.all([pools?.sagas.end(), pools?.effects.end()]);
  await postgres?.remove();
});

beforeEach(async () => {
  worker = await startEffectWorker(pools, 'lost');
});

afterEach(() => worker.stop(), 30_000);

/** A small generator (mulberry32), so that a failure can be reproduced by its seed. */
function draws(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const inputsNamed = (name: string, stepMs: number): EffectInput[] =>
  Array.from({ length: SAGAS }, (_, n) => ({ id: `${name}${n}`, refused: n % 3 === 0, stepMs: stepMs + 7 * n }));

/** Waits until all sagas have ended. @throws Error that names those that have not in time */
async function untilDone(inputs: readonly EffectInput[], seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const { statuses } = await readEffects(pools.effects);
    const missing = inputs.map(({ id }) => `effects:${id}`).filter((id) => statuses.get(id) !== 'SUCCESS');
    if (missing.length === 0) return;
    if (performance.now() > deadline) throw new Error(missing.map((id) => `${id} ${statuses.get(id)}`).join(', '));
    await wait(50);
  }
}

/** The effects of each saga. */
async function effectsOfAll(inputs: readonly EffectInput[]): Promise<Map<string, string[] | undefined>> {
  const { effects } = await readEffects(pools.effects);
  return new Map(inputs.map(({ id }) => [id, effects.get(id)]));
}

const expected = (inputs: readonly EffectInput[]) => new Map(inputs.map((input) => [input.id, effectsOf(input)]));

test(`every saga ends, each effect once, though the database is killed ${OUTAGES} times (seed ${SEED})`, async () => {
  const draw = draws(SEED);
  const inputs = inputsNamed('short', 250);
  await beginEffects(kysely, inputs);
  for (let outage = 0; outage < OUTAGES; outage++) {
    await wait(100 + draw() * 900);
    await postgres.kill(draw() < 0.5 ? 'SIGKILL' : 'SIGQUIT');
    await wait(draw() * 2000);
    await postgres.restart();
  }
  await untilDone(inputs, 60);
  expect(await effectsOfAll(inputs)).toEqual(expected(inputs));
});

test('a worker whose database is away for twenty seconds reports it meanwhile, and goes on afterwards', async () => {
  const inputs = inputsNamed('long', 200);
  await beginEffects(kysely, inputs);
  await wait(700);
  await postgres.kill('SIGKILL');
  await until('the worker says so', async () => worker.isLost);
  await wait(20_000);
  await postgres.restart();
  await untilDone(inputs, 60);
  expect(await effectsOfAll(inputs)).toEqual(expected(inputs));
  expect(worker.isLost).toBe(false);
});
