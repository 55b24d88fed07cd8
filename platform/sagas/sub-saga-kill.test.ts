/** Processes that die while sub-sagas are under way. */
import { expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  beginEffects,
  type EffectInput,
  effectSets,
  outerEffectsOf,
  readEffects,
} from '../../tests/support/effect-sagas.ts';
import { testDatabase } from '../../tests/support/database.ts';
import { until } from '../../tests/support/until.ts';
import { createPool } from '../../db/pool.ts';
import { prepareSagas } from './worker.ts';
import { dieWithParent } from '../die-with-parent.ts';

const CHILD = fileURLToPath(new URL('../../tests/support/saga-child.ts', import.meta.url));

test('parents and sub-sagas all end, with each effect once, though their process is killed by kill -9', async () => {
  const database = await testDatabase({ sets: effectSets });
  const pool = createPool({ url: database.url, max: 4, name: 'agora test prepare', int8: 'text' });
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await prepareSagas({ url: database.url, pool });
    const inputs = Array.from(
      { length: 12 },
      (_, n): EffectInput => ({ id: `k${n}`, refused: n % 3 === 0, stepMs: 60 }),
    );
    await beginEffects(database.kysely, inputs, 'outer');
    const isOver = async () => {
      const { statuses } = await readEffects(database.pool);
      return inputs.every(({ id }) => statuses.get(`outer:${id}`) === 'SUCCESS');
    };
    for (const after of [250, 600, 900, undefined]) {
      child = spawn(...dieWithParent(process.execPath, ['--no-warnings', CHILD, database.url, 'killed']), {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout!, 'data');
      if (after === undefined) await until('all have ended', isOver);
      else await new Promise((resolve) => setTimeout(resolve, after));
      await kill();
    }
    const { effects } = await readEffects(database.pool);
    for (const input of inputs) expect([input.id, effects.get(input.id)]).toEqual([input.id, outerEffectsOf(input)]);
  } finally {
    await kill();
    await pool.end();
    await database.drop();
  }
});
