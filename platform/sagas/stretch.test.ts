/**
 * Sagas with a checkpoint for a stretch of steps, over an engine that forgets what it has not checkpointed, and that
 * refuses, as DBOS does, a replay whose steps come in another order than they were kept.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Unavailable } from '../errors.ts';
import type { SagaStep, Verdict } from './define-saga.ts';
import { runSaga } from './run-saga.ts';
import { STRETCH } from './stretch-checkpoints.ts';
import { Crash, Memory, runThrough, type Step, World } from './stretch.testing.ts';

const STEPS: Step[] = [
  { name: 'reserve' },
  { name: 'authorise' },
  { name: 'confirm' },
  { name: 'capture', isPivot: true },
  { name: 'process' },
];
const steps = (changes: Record<string, Partial<Step>>): Step[] =>
  STEPS.map((step) => ({ ...step, ...changes[step.name] }));

test('a saga that succeeds has one checkpoint, before the pivot, and its end', async () => {
  const [world, memory] = [new World(), new Memory()];
  const result = await runThrough(world.definition(STEPS), memory);
  expect(world.effects).toEqual(['reserve', 'authorise', 'confirm', 'capture', 'process']);
  expect(memory.names).toEqual([STRETCH]);
  expect(JSON.parse(memory.kept[0]!.value)).toMatchObject({
    steps: [
      { step: 'reserve', startedAt: '1970-01-01T00:00:00.000Z', at: '1970-01-01T00:00:01.000Z' },
      { step: 'authorise', result: { authorise: 'after reserve' } },
      { step: 'confirm', result: { confirm: 'after reserve+authorise' } },
    ],
    next: 'capture',
  });
  expect(result).toEqual({
    outcome: 'COMPLETED',
    steps: [
      { step: 'capture', startedAt: expect.any(String), at: expect.any(String) },
      { step: 'process', startedAt: expect.any(String), at: expect.any(String) },
    ],
  });
});

test('a saga without stretches has a checkpoint for each step', async () => {
  const [world, memory] = [new World(), new Memory()];
  const definition = world.definition(STEPS, { checkpoints: undefined });
  expect(await runThrough(definition, memory)).toEqual({ outcome: 'COMPLETED' });
  expect(memory.names).toEqual(STEPS.map(({ name }) => name));
});

test('a saga that crashes anywhere has each effect once, and no step before the pivot is asked again after it', async () => {
  for (let crashAt = 0; crashAt < 20; crashAt++) {
    const [world, memory] = [new World(), new Memory()];
    await runThrough(world.definition(STEPS), memory, [{ crashAt }]);
    expect(world.effects).toEqual(STEPS.map(({ name }) => name));
    expect(world.asked.lastIndexOf('confirm')).toBeLessThan(world.asked.indexOf('capture'));
  }
});

test('a refusal ends the stretch, and is acted upon from its checkpoint', async () => {
  const [world, memory] = [new World(), new Memory()];
  const result = await runThrough(world.definition(steps({ authorise: { isRefused: true } })), memory);
  expect(memory.names).toEqual([STRETCH, 'undo confirm', 'undo authorise', 'undo reserve', 'cancel']);
  expect(world.effects).toEqual(['reserve', 'undo reserve', 'cancel']);
  expect(result).toMatchObject({ outcome: 'COMPENSATED', refusal: { step: 'authorise' } });
  expect(world.story.map(({ step, outcome, code }) => [step, outcome, code])).toEqual([
    ['reserve', 'DONE', undefined],
    ['authorise', 'REFUSED', 'NO'],
    ['reserve', 'UNDONE', undefined],
  ]);
});

test('a refused pivot is not asked again while the saga is being undone', async () => {
  for (let crashAt = 0; crashAt < 30; crashAt++) {
    const [world, memory] = [new World(), new Memory()];
    const refused = steps({ capture: { isRefused: true } });
    const definition = world.definition(refused);
    const pivot = definition.steps[3] as SagaStep<object, object>;
    const run = pivot.run.bind(pivot);
    // Once something was undone, the agent would do it.
    pivot.run = async (context) => {
      if (!world.effects.includes('undo confirm')) return run(context);
      world.effects.push('capture');
    };
    await runThrough(definition, memory, [{ crashAt }]);
    expect(world.effects).toEqual([
      'reserve',
      'authorise',
      'confirm',
      'undo confirm',
      'undo authorise',
      'undo reserve',
      'cancel',
    ]);
  }
});

test('a step that fails goes on by itself, and a new stretch begins after it', async () => {
  const [world, memory] = [new World(), new Memory()];
  await runThrough(world.definition(steps({ authorise: { failures: 3 } })), memory);
  expect(memory.names).toEqual([STRETCH, 'authorise', STRETCH]);
  expect(world.effects).toEqual(STEPS.map(({ name }) => name));
  expect(JSON.parse(memory.kept[2]!.value)).toMatchObject({ steps: [{ step: 'confirm' }], next: 'capture' });
});

test('a step that fails after the pivot is kept with what came before, and asked no more once it is done', async () => {
  const [world, memory] = [new World(), new Memory()];
  const result = await runThrough(world.definition(steps({ process: { failures: 2 } })), memory);
  expect(memory.names).toEqual([STRETCH, STRETCH, 'process']);
  expect(result).toEqual({ outcome: 'COMPLETED' });
});

test('a step that an operator had skipped is not asked again after a crash', async () => {
  for (let crashAt = 0; crashAt < 20; crashAt++) {
    const [world, memory] = [new World(), new Memory()];
    const definition = world.definition(steps({ capture: { failures: 4 }, process: { failures: 1 } }));
    const pivot = definition.steps[3] as SagaStep<object, object>;
    const run = pivot.run.bind(pivot);
    pivot.run = (context) => {
      expect(memory.names).not.toContain('capture');
      return run(context);
    };
    await runThrough(definition, memory, [{ crashAt }], new Map([['capture', 'SKIP']]));
    const isKept = memory.names.indexOf('capture');
    if (isKept >= 0 && !world.effects.includes('capture'))
      expect(JSON.parse(memory.kept[isKept]!.value)).toMatchObject({ skippedBy: 'user_1' });
    expect(world.effects.filter((effect) => effect !== 'capture')).toEqual([
      'reserve',
      'authorise',
      'confirm',
      'process',
    ]);
  }
});

test('what a stretch that was cut off may have done is undone too, when an earlier step is given up', async () => {
  const [world, memory] = [new World(), new Memory()];
  const definition = world.definition(STEPS);
  // All three are done, and the process dies before their checkpoint.
  await expect(runSaga(definition, {}, memory.engine(undefined, { crashAt: 6 }))).rejects.toThrow(Crash);
  expect([world.effects, memory.names]).toEqual([['reserve', 'authorise', 'confirm'], []]);
  // Then the first one's agent is away.
  const reserve = definition.steps[0] as SagaStep<object, object>;
  reserve.run = async () => {
    throw new Unavailable('away');
  };
  const result = await runThrough(definition, memory, [], new Map([['reserve', 'COMPENSATE']]));
  expect(result).toMatchObject({ outcome: 'COMPENSATED' });
  expect(world.effects.slice(3)).toEqual(['undo confirm', 'undo authorise', 'undo reserve', 'cancel']);
});

test('a refused step has the later ones asked for their undo, which find nothing', async () => {
  const [world, memory] = [new World(), new Memory()];
  await runThrough(world.definition(steps({ reserve: { isRefused: true } })), memory);
  expect(memory.names).toEqual([STRETCH, 'undo confirm', 'undo authorise', 'undo reserve', 'cancel']);
  expect(world.effects).toEqual(['cancel']);
  expect(world.story.map(({ step, outcome }) => [step, outcome])).toEqual([['reserve', 'REFUSED']]);
});

test('a step that waits ends the stretch before it, and is a checkpoint of its own', async () => {
  const [world, memory] = [new World(), new Memory()];
  await runThrough(world.definition(steps({ authorise: { waits: true } })), memory);
  expect(memory.names).toEqual([STRETCH, 'authorise', STRETCH]);
  expect(memory.received).toEqual(['authorise']);
  expect(world.effects).toEqual(STEPS.map(({ name }) => name));
});

test('a step that would wait, but is not due, ends no stretch', async () => {
  const [world, memory] = [new World(), new Memory()];
  await runThrough(world.definition(steps({ authorise: { waits: true, isSkipped: true } })), memory);
  expect(memory.names).toEqual([STRETCH]);
  expect(memory.received).toEqual([]);
  expect(world.effects).toEqual(['reserve', 'confirm', 'capture', 'process']);
});

test('branches are carried out by themselves', async () => {
  const [world, memory] = [new World(), new Memory()];
  await runThrough(world.definition(steps({ authorise: { hasBranches: true } })), memory);
  expect(memory.names).toEqual([STRETCH, 'authorise1', 'authorise2', STRETCH]);
});

test('a worker that stops keeps the stretch so far, and the next goes on after it', async () => {
  for (const stopAt of [0, 1, 2, 3, 4]) {
    const [world, memory] = [new World(), new Memory()];
    await runThrough(world.definition(STEPS), memory, [{ stopAt }]);
    expect(world.effects).toEqual(STEPS.map(({ name }) => name));
    expect(world.asked).toEqual(STEPS.map(({ name }) => name));
  }
});

describe('whatever fails, refuses, crashes, stops and is decided', () => {
  const step = fc.record({
    waits: fc.boolean(),
    hasBranches: fc.boolean(),
    isSkipped: fc.boolean(),
    failures: fc.nat(2),
  });
  const course = fc.record({
    shapes: fc.array(step, { minLength: 1, maxLength: 6 }),
    pivot: fc.option(fc.nat(5)),
    refused: fc.option(fc.nat(5)),
    lives: fc.array(
      fc.record({
        crashAt: fc.option(fc.nat(25), { nil: undefined }),
        stopAt: fc.option(fc.nat(6), { nil: undefined }),
      }),
      { maxLength: 4 },
    ),
    verdict: fc.option(fc.tuple(fc.nat(5), fc.constantFrom<Verdict['action']>('COMPENSATE', 'END', 'SKIP'))),
  });

  test('a saga is done whole, or undone whole in reverse, and never undone behind its pivot', async () => {
    await fc.assert(
      fc.asyncProperty(course, async ({ shapes, pivot, refused, lives, verdict }) => {
        const list = shapes.map((shape, index): Step => {
          const isPivot = index === pivot;
          return {
            ...shape,
            name: `step${index}`,
            isPivot,
            waits: shape.waits && !shape.hasBranches,
            hasBranches: shape.hasBranches && !isPivot,
            isRefused: index === refused && (pivot === null || index <= pivot),
          };
        });
        const [world, memory] = [new World(), new Memory()];
        const decided = verdict ? new Map([[`step${verdict[0]}`, verdict[1]]]) : undefined;
        const result = await runThrough(world.definition(list), memory, lives, decided);
        const namesOf = ({ name, hasBranches }: Step) => (hasBranches ? [`${name}1`, `${name}2`] : [name]);
        const due = list.filter(({ isSkipped }) => !isSkipped).flatMap(namesOf);
        const forward = world.effects.filter((effect) => due.includes(effect));
        const skipped = verdict ? `step${verdict[0]}` : '';
        if (result.outcome === 'COMPLETED') {
          expect(world.effects).toEqual(forward);
          const [did, should] = [forward, due].map((names) => names.filter((name) => name !== skipped));
          expect(did!.toSorted()).toEqual(should!.toSorted());
          // Branches end in any order.
          const stepOf = (name: string) => name.slice(0, 'step0'.length);
          expect(did!.map(stepOf)).toEqual(should!.map(stepOf));
        } else {
          // In reverse of their list, whatever the order in which branches ended.
          const undone = due.filter((name) => forward.includes(name)).toReversed();
          expect(world.effects).toEqual([...forward, ...undone.map((name) => `undo ${name}`), 'cancel']);
          const behind = list.slice(pivot === null ? list.length : pivot + 1).flatMap(namesOf);
          expect(forward.filter((name) => behind.includes(name))).toEqual([]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
