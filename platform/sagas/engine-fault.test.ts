/** Faults that DBOS does not retry itself, but hands to the saga as its own: none may end a saga. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { beginEffects, effectsOf, readEffects, startEffectWorker } from '../../tests/support/effect-sagas.ts';
import { openSagaFixture, type SagaFixture } from '../../tests/support/saga-ground.ts';
import { until } from '../../tests/support/until.ts';
import { refuse } from '../errors.ts';
import { silentLogger } from '../log.ts';
import { isEngineFault } from './engine-fault.ts';

/** A trigger that fails twice with a statement timeout, counted by a sequence, which no rollback resets. */
const FAULTS = `
  create table effects.effect (n bigint generated always as identity, saga text not null, key text not null);
  create sequence effects.fault;
  create function effects.fail() returns trigger language plpgsql as $$
  begin
    if nextval('effects.fault') <= 2 then raise exception 'canceling statement due to statement timeout' using errcode = '57014'; end if;
    return new;
  end $$`;

let ground: SagaFixture;

beforeAll(async () => {
  ground = await openSagaFixture();
  await ground.pool.query('create schema effects');
  await ground.pool.query(FAULTS);
});

afterAll(() => ground?.close());

test.each([
  ['keeps a step', 'before insert on dbos.operation_outputs'],
  ['ends the saga', `before update on dbos.workflow_status`],
])('a statement that %s and times out is retried, with no other effect', async (what, when) => {
  const isEnd = what === 'ends the saga';
  const pools = { ...ground.sagas, sagas: ground.sagas.pool, effects: ground.pool };
  const said: string[] = [];
  const log: typeof silentLogger = Object.assign(Object.create(silentLogger), {
    child: () => log,
    error: (_: unknown, line: string) => void said.push(line),
  });
  const worker = await startEffectWorker(pools, 'faulty', log);
  try {
    await ground.pool.query(`alter sequence effects.fault restart`);
    await ground.pool.query(
      `create trigger fails ${when} for each row ${isEnd ? `when (new.status = 'SUCCESS')` : ''} execute function effects.fail()`,
    );
    const input = { id: what.replaceAll(' ', '-'), stepMs: 1 };
    await beginEffects(ground.kysely, [input]);
    const status = async () => (await readEffects(ground.pool)).statuses.get(`effects:${input.id}`);
    await until('it has ended', async () => (await status()) === 'SUCCESS');
    expect((await readEffects(ground.pool)).effects.get(input.id)).toEqual(effectsOf(input));
    const { rows } = await ground.pool.query('select last_value::int as faults from effects.fault');
    expect(rows[0].faults).toBeGreaterThan(2);
    // The one operation is retried: the engine itself goes on.
    expect(said).toEqual([]);
  } finally {
    await ground.pool.query(`drop trigger fails on ${isEnd ? 'dbos.workflow_status' : 'dbos.operation_outputs'}`);
    await worker.stop();
  }
});

test('an error of DBOS that it is not launched is a fault of the engine', () => {
  let said: unknown;
  try {
    void DBOS.runStep(async () => {});
  } catch (error) {
    said = error;
  }
  expect([said, isEngineFault(said)]).toEqual([expect.any(TypeError), true]);
});

test.each([
  ['a refusal', refuse('NO', 'no')],
  ['an error of the code', new TypeError('x is not a function')],
  ['nothing', undefined],
])('%s is no fault of the engine', (_, error) => {
  expect(isEngineFault(error)).toBe(false);
});
