/** Sagas whose effects are rows: for tests in which the database, or the worker, dies while they run. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Pool } from 'pg';
import { fileURLToPath } from 'node:url';
import type { MigrationSet } from '../../db/migrator.ts';
import { systemClock } from '../../platform/clock.ts';
import { refuse } from '../../platform/errors.ts';
import { type Logger, silentLogger } from '../../platform/log.ts';
import { defineSaga, type SagaDefinition, type SagaStep } from '../../platform/sagas/define-saga.ts';
import { enqueueSaga } from '../../platform/sagas/enqueue.ts';
import { subSaga } from '../../platform/sagas/sub-saga.ts';
import { type SagaWorker, startSagaWorker } from '../../platform/sagas/worker.ts';

/** Input of a saga. */
export interface EffectInput extends Record<string, unknown> {
  id: string;
  refused?: boolean;
  /** Duration of each step. */
  stepMs: number;
  /** How long it waits for a message that does not come. @default 0.2 */
  waitSeconds?: number;
}

interface EffectState {
  waitSeconds: number;
}

const STEPS = ['reserve', 'pay', 'confirm', 'ship'] as const;

/** Only the check of the key keeps an effect from being there twice: there is no unique index. */
const EFFECTS = `create table effect (n bigint generated always as identity, saga text not null, key text not null)`;

/** The migrations that the database needs. */
export const effectSets: readonly MigrationSet[] = [
  { schema: 'platform', directory: fileURLToPath(new URL('../../platform/migrations', import.meta.url)) },
  {
    schema: 'effects',
    directory: fileURLToPath(new URL('../../platform/none', import.meta.url)),
    extra: [{ name: '0001-effect', sql: EFFECTS }],
  },
];

/** The callee of every step: does the effect of a key once, however often it is called. */
async function effect(pool: Pool, saga: string, key: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 1))', [key]);
    await client.query(
      `insert into effects.effect (saga, key) select $1, $2 where not exists (select from effects.effect where key = $2)`,
      [saga, key],
    );
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function effectSagas(pool: Pool): SagaDefinition[] {
  const act = async ({ input, key }: { input: EffectInput; key: string }): Promise<void> => {
    await effect(pool, input.id, key);
    await wait(input.stepMs);
  };
  const steps = STEPS.map(
    (name): SagaStep<EffectInput, EffectState> => ({
      name,
      agent: 'other',
      does: name,
      undo: act,
      async run(context) {
        if (context.input.refused && name === 'ship') throw refuse('NO', 'Nobody ships this.');
        await act(context);
        return { waitSeconds: context.input.waitSeconds ?? 0.2 };
      },
    }),
  );
  const effects = defineSaga<EffectInput, EffectState>({
    name: 'effects',
    description: 'Leaves a row for each step.',
    steps: [
      steps[0]!,
      { ...steps[1]!, waitsFor: { topic: 'go', seconds: (state) => state.waitSeconds! } },
      ...steps.slice(2),
    ],
    whenRefused: { name: 'cancel', agent: 'other', does: 'cancel', run: act },
  });
  const stretched = { ...effects, name: 'stretched', checkpoints: 'STRETCHES' } as const;
  const outer = defineSaga<EffectInput, object>({
    name: 'outer',
    description: 'Has the effects as a step.',
    steps: [
      { name: 'before', agent: 'other', does: 'before', run: act, undo: act },
      subSaga({ name: 'inner', does: 'The effects.', saga: effects, input: ({ input }) => input }),
      { name: 'after', agent: 'other', does: 'after', run: act },
    ],
    whenRefused: { name: 'give up', agent: 'other', does: 'give up', run: act },
  });
  return [effects, stretched, outer];
}

/** The effects that a saga leaves behind, completed or refused, in order. */
export const effectsOf = (input: EffectInput, saga = 'effects'): string[] => keysOf(`${saga}:${input.id}`, input);

const keysOf = (saga: string, { refused }: EffectInput): string[] =>
  (refused
    ? ['reserve', 'pay', 'confirm', 'undo ship', 'undo confirm', 'undo pay', 'undo reserve', 'cancel']
    : STEPS
  ).map((step) => `${saga}:${step}`);

/** The effects of a saga that has such a one as a step. */
export const outerEffectsOf = (input: EffectInput): string[] => {
  const own = (...steps: string[]) => steps.map((step) => `outer:${input.id}:${step}`);
  const inner = keysOf(`effects:${input.id}/outer/inner`, input);
  return [...own('before'), ...inner, ...(input.refused ? own('undo before', 'give up') : own('after'))];
};

/** Starts a worker for these sagas. `effects` is for the steps, `sagas` for the engine. */
export const startEffectWorker = (
  pools: { url: string; sagas: Pool; effects: Pool },
  executor: string,
  log: Logger = silentLogger,
): Promise<SagaWorker> =>
  startSagaWorker({
    url: pools.url,
    pool: pools.sagas,
    executor,
    ask: undefined as never,
    clock: systemClock,
    log,
    sagas: effectSagas(pools.effects),
    onFailedAttempt: async () => {},
  });

/** Starts sagas, all at once. */
// biome-ignore lint/suspicious/noExplicitAny: whichever tables there are
export async function beginEffects(
  kysely: import('kysely').Kysely<any>,
  inputs: readonly EffectInput[],
  saga = 'effects',
) {
  await kysely.transaction().execute(async (transaction) => {
    for (const input of inputs) await enqueueSaga(transaction, saga, input.id, input);
  });
}

/** The status of every saga, and the effects of each. */
export async function readEffects(
  pool: Pool,
): Promise<{ statuses: Map<string, string>; effects: Map<string, string[]> }> {
  const statuses = await pool.query('select workflow_uuid as id, status from dbos.workflow_status');
  const effects = await pool.query('select saga, array_agg(key order by n) as keys from effects.effect group by saga');
  return {
    statuses: new Map(statuses.rows.map(({ id, status }) => [id, status])),
    effects: new Map(effects.rows.map(({ saga, keys }) => [saga, keys])),
  };
}
