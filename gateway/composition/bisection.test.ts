/** Bisection finds the same parts that do not fit as trying each alone, in far fewer compositions. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LINKS } from '../../platform/gate/compose.testing.ts';
import { type Attempt, composeGuarded, fit, type Parts } from './fit.ts';

/** A model of composition: which sets of parts compose, without composing them. */
interface World {
  bad: readonly string[];
  /** Pairs of which at most one fits. */
  exclusive: readonly (readonly [string, string])[];
  /** Pairs of which the first fits only upon the second. */
  needs: readonly (readonly [string, string])[];
  /** Whether the reason names the agents at fault. */
  isTelling: boolean;
}

const NEW = 'new';
const agentsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `a${index}`);
const partsOf = (agents: readonly string[], sdl: string): Parts =>
  Object.fromEntries(agents.map((agent) => [agent, sdl]));
const taken = (parts: Parts): string[] => Object.keys(parts).filter((agent) => parts[agent] === NEW);

/** The agents at fault when these changes do not compose together. */
function culprits({ bad, exclusive, needs }: World, changes: readonly string[]): string[] {
  const has = new Set(changes);
  return [
    ...bad.filter((agent) => has.has(agent)),
    ...exclusive.filter(([a, b]) => has.has(a) && has.has(b)).flat(),
    ...needs.filter(([a, b]) => has.has(a) && !has.has(b)).map(([a]) => a),
  ];
}

function composing(world: World): { compose: (parts: Parts) => Attempt; count: () => number } {
  let compositions = 0;
  const compose = (parts: Parts): Attempt => {
    compositions += 1;
    const named = culprits(world, taken(parts));
    if (named.length === 0) return { supergraphSdl: taken(parts).join(' ') };
    return { reason: world.isTelling ? named.map((name) => `[${name}]`).join(' ') : 'They do not compose.' };
  };
  return { compose, count: () => compositions };
}

/** The reference result: each change alone upon the accepted ones, again as long as one is accepted. */
function oneByOne(world: World, changed: readonly string[]): string[] {
  const accepted: string[] = [];
  for (let before = -1; before !== accepted.length; ) {
    before = accepted.length;
    for (const agent of changed)
      if (!accepted.includes(agent) && culprits(world, [...accepted, agent]).length === 0) accepted.push(agent);
  }
  return accepted.sort();
}

const run = (world: World, agents: readonly string[]) => {
  const { compose, count } = composing(world);
  const result = fit(partsOf(agents, 'old'), partsOf(agents, NEW), compose);
  return { ...result, taken: taken(result.parts).sort(), compositions: count() };
};

const worlds = (only: Partial<World>) =>
  fc.integer({ min: 1, max: 35 }).chain((count) => {
    const agent = fc.constantFrom(...agentsOf(count));
    const pairs = fc.array(
      fc.tuple(agent, agent).filter(([a, b]) => a !== b),
      { maxLength: count > 1 ? 5 : 0 },
    );
    return fc.record({
      agents: fc.constant(agentsOf(count)),
      world: fc
        .record({
          bad: fc.uniqueArray(agent, { maxLength: 5 }),
          exclusive: pairs,
          needs: pairs,
          isTelling: fc.boolean(),
        })
        .map((world) => ({ ...world, ...only })),
    });
  });

describe('parts that do not fit', () => {
  test('are the same as if each was tried alone, where the reasons name no agent', () => {
    fc.assert(
      fc.property(worlds({ needs: [], isTelling: false }), ({ agents, world }) => {
        const result = run(world, agents);
        expect(result.taken).toEqual(oneByOne(world, agents));
        expect(result.refused.map(({ agent }) => agent)).toEqual(agents.filter((one) => !result.taken.includes(one)));
      }),
    );
  });

  test('cost no other agent anything: a change that fits by itself is taken, and more where changes need each other', () => {
    fc.assert(
      fc.property(worlds({ exclusive: [] }), ({ agents, world }) => {
        const result = run(world, agents);
        expect(culprits(world, result.taken)).toEqual([]);
        expect(result.taken).toEqual(expect.arrayContaining(oneByOne(world, agents)));
      }),
    );
  });

  test('of any kind leave a graph that composes, and upon which no refused part would fit', () => {
    fc.assert(
      fc.property(worlds({}), ({ agents, world }) => {
        const { taken: some, refused, supergraphSdl } = run(world, agents);
        expect(culprits(world, some)).toEqual([]);
        for (const { agent } of refused) expect(culprits(world, [...some, agent])).not.toEqual([]);
        expect(supergraphSdl?.split(' ').sort()).toEqual(some.length > 0 ? some : undefined);
      }),
    );
  });

  const agents = agentsOf(35);
  const clean = { exclusive: [], needs: [] };
  const most = (worldOf: (index: number) => World): number =>
    Math.max(...agents.map((_, index) => run(worldOf(index), agents).compositions));

  test('are found in a handful of compositions of 35 parts', () => {
    // Each alone, and the one once more: 37.
    expect(most((index) => ({ ...clean, bad: [agents[index]!], isTelling: true }))).toBe(2);
    expect(most((index) => ({ ...clean, bad: [agents[index]!], isTelling: false }))).toBeLessThanOrEqual(13);
    const three = (index: number) => [0, 11, 23].map((step) => agents[(index + step) % 35]!);
    expect(most((index) => ({ ...clean, bad: three(index), isTelling: true }))).toBeLessThanOrEqual(6);
    expect(most((index) => ({ ...clean, bad: three(index), isTelling: false }))).toBeLessThanOrEqual(32);
  });
});

test('composition names the part that does not fit, so that two are enough', () => {
  const part = (name: string, more = ''): string => `${LINKS} type Query { ${name}: Int @public ${more} }`;
  const names = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox'];
  const served = Object.fromEntries(names.map((name) => [name, part(name)]));
  const changed = Object.fromEntries(names.map((name) => [name, part(name, `${name}s: Int @public`)]));
  const wanted = { ...changed, dog: part('dog', 'cats: Lost @public') };
  let compositions = 0;
  const { parts, refused, supergraphSdl } = fit(served, wanted, (some) => {
    compositions += 1;
    return composeGuarded(some);
  });
  expect(compositions).toBe(2);
  expect(refused).toEqual([{ agent: 'dog', reason: expect.stringContaining('[dog] Unknown type') }]);
  expect(parts).toEqual({ ...wanted, dog: served.dog });
  expect(supergraphSdl).toContain('foxs: Int');
});
