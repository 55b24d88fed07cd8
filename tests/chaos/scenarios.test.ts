/** The short form of every scenario that has one. Its seed is in the test's name; CHAOS_SEED=… repeats it. */
import { expect, test } from '@jest/globals';
import { runOf } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1_000_000));

test.each(SCENARIOS.filter(({ short }) => short))(
  `$name (seed ${SEED}): nothing is lost, made twice, sold twice or charged twice`,
  async (scenario) => {
    const { violations } = await scenario.run(runOf(SEED, scenario.short!));
    expect(violations).toEqual([]);
  },
);
