/** Parallel steps and operators' verdicts, over an engine that keeps results in memory. */
import { describe, expect, test } from '@jest/globals';
import { refuse, Unavailable } from '../errors.ts';
import {
  defineSaga,
  type SagaBranch,
  type SagaDefinition,
  type StepReport,
  stepsOf,
  type Verdict,
} from './define-saga.ts';
import { type Engine, runSaga } from './run-saga.ts';

class Crash extends Error {}

const NAMES = ['reserve', 'stock', 'carrier', 'label', 'ship'] as const;
type Name = (typeof NAMES)[number];

/** The effects in order; a key has its effect only once. */
class World {
  readonly log: string[] = [];
  readonly keys = new Set<string>();
  story: readonly StepReport[] = [];
  readonly failing = new Map<string, Error>();
  readonly milliseconds = new Map<string, number>();

  async act(what: string, key: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.milliseconds.get(what) ?? 0));
    const error = this.failing.get(what);
    if (error) throw error;
    if (!this.keys.has(key)) this.log.push(what);
    this.keys.add(key);
  }
}

/** Keeps results over crashes; asks `verdicts` after an attempt that failed. */
function engineOn(
  kept: Map<string, unknown>,
  verdicts: Map<string, Verdict[]> = new Map(),
  crashAt = Infinity,
): Engine {
  let point = 0;
  let crashed = false;
  const mayCrash = (): void => {
    if (crashed || point++ === crashAt) {
      crashed = true; // The whole process dies.
      throw new Crash();
    }
  };
  return {
    id: 'saga:1',
    ask: undefined as never,
    now: () => '2026-06-01T00:00:00.000Z',
    receive: async () => {},
    carry: async () => undefined,
    stretch: async () => {
      throw new Error('this saga has no stretches');
    },
    callOff: async () => {},
    async step(name, work, options) {
      if (kept.has(name)) return structuredClone(kept.get(name)) as never;
      mayCrash();
      for (;;) {
        const outcome = await work().catch((error) => {
          if (error instanceof Crash) throw error;
          const verdict = verdicts.get(name)?.shift();
          if (!verdict) throw error;
          return options?.decide?.(verdict);
        });
        if (outcome === undefined) continue;
        mayCrash();
        kept.set(name, structuredClone(outcome));
        return outcome;
      }
    },
  };
}

function saga(world: World, refused?: Name, pivot?: Name): SagaDefinition<object, Record<Name, string>> {
  const branch = (name: Name): SagaBranch<object, Record<Name, string>> => ({
    name,
    agent: 'other',
    does: name,
    async run({ key, state }) {
      await world.act(name, key);
      if (name === refused) throw refuse('NO', 'no');
      return { [name]: `after ${Object.keys(state).join('+')}` };
    },
    undo: ({ key }) => world.act(`undo ${name}`, key),
  });
  const step = (name: Name) => ({ ...branch(name), pivot: name === pivot });
  return defineSaga({
    name: 'parcel',
    description: '.',
    steps: [
      step('reserve'),
      { name: 'prepare', branches: [branch('stock'), branch('carrier'), branch('label')] },
      step('ship'),
    ],
    whenRefused: {
      name: 'cancel',
      agent: 'other',
      does: 'cancel',
      async run({ key, story }) {
        world.story = [...story];
        await world.act('cancel', key);
      },
    },
  });
}

const told = (world: World): string[] => world.story.map(({ step, outcome }) => `${step} ${outcome}`);

describe('branches', () => {
  test('run in parallel, see the state from before them, and the saga goes on when all are done', async () => {
    const world = new World();
    world.milliseconds.set('stock', 30).set('carrier', 20).set('label', 10);
    const kept = new Map<string, any>();
    expect(await runSaga(saga(world), {}, engineOn(kept))).toEqual({ outcome: 'COMPLETED' });
    expect(world.log).toEqual(['reserve', 'label', 'carrier', 'stock', 'ship']);
    expect(kept.get('label').result).toEqual({ label: 'after reserve' });
    expect(kept.get('ship').result).toEqual({ ship: 'after reserve+stock+carrier+label' });
  });

  test('are undone in reverse of their list when one is refused, after the others have settled', async () => {
    const world = new World();
    world.milliseconds.set('label', 30).set('stock', 20);
    const result = await runSaga(saga(world, 'carrier'), {}, engineOn(new Map()));
    expect(result).toEqual({
      outcome: 'COMPENSATED',
      refusal: { step: 'carrier', errors: [{ code: 'NO', message: 'no' }] },
    });
    const undone = ['undo label', 'undo carrier', 'undo stock', 'undo reserve'];
    expect(world.log).toEqual(['reserve', 'carrier', 'stock', 'label', ...undone, 'cancel']);
    expect(told(world)).toEqual([
      'reserve DONE',
      'stock DONE',
      'carrier REFUSED',
      'label DONE',
      'label UNDONE',
      'carrier UNDONE',
      'stock UNDONE',
      'reserve UNDONE',
    ]);
  });

  test.each(Array.from({ length: 22 }, (_, crashAt) => ({ crashAt })))(
    'that crash at point $crashAt have each effect once, and are undone in reverse',
    async ({ crashAt }) => {
      for (const refused of [undefined, 'stock', 'label', 'ship'] as const) {
        const world = new World();
        const kept = new Map<string, unknown>();
        const definition = saga(world, refused);
        await runSaga(definition, {}, engineOn(kept, undefined, crashAt)).catch((error) => {
          if (!(error instanceof Crash)) throw error;
        });
        await new Promise((resolve) => setTimeout(resolve, 5)); // The dead process's requests arrive all the same.
        const result = await runSaga(definition, {}, engineOn(kept));
        expect(result.outcome).toBe(refused ? 'COMPENSATED' : 'COMPLETED');
        const forward = world.log.filter((what) => !/undo|cancel/.test(what));
        expect(forward.toSorted()).toEqual(NAMES.slice(0, refused && refused !== 'ship' ? 4 : 5).toSorted());
        const begun = refused === 'ship' ? NAMES : NAMES.slice(0, 4);
        const backward = [...begun.toReversed().map((name) => `undo ${name}`), 'cancel'];
        expect(world.log.slice(forward.length)).toEqual(refused ? backward : []);
      }
    },
  );

  test('have names of their own, and stand in their place among the steps', () => {
    const definition = saga(new World());
    expect(stepsOf(definition).map(({ name }) => name)).toEqual([...NAMES]);
    const [first] = definition.steps as [SagaBranch<object, object>];
    expect(() =>
      defineSaga({ name: 'twice', description: '.', steps: [first, { name: 'b', branches: [first] }] }),
    ).toThrow('two steps have the same name');
  });
});

describe('an operator', () => {
  const by = 'user_1';
  const say = (step: string, ...actions: Verdict['action'][]) =>
    new Map([[step, actions.map((action) => ({ action, by }))]]);

  test('has a step skipped: it is kept as skipped, with no result, and the saga goes on', async () => {
    const world = new World();
    world.failing.set('carrier', new Unavailable('away'));
    const kept = new Map<string, any>();
    const result = await runSaga(saga(world), {}, engineOn(kept, say('carrier', 'SKIP')));
    expect(result).toEqual({ outcome: 'COMPLETED' });
    expect(kept.get('carrier')).toMatchObject({ result: {}, skippedBy: by });
    expect(kept.get('ship').result).toEqual({ ship: 'after reserve+stock+label' });
  });

  test('has a step retried', async () => {
    const world = new World();
    let attempts = 0;
    const definition = saga(world);
    const steps = definition.steps.map((step) =>
      step.name === 'ship' ? { ...step, run: async () => void (attempts++ < 2 && fail()) } : step,
    );
    const fail = (): never => {
      throw new Unavailable('away');
    };
    await runSaga({ ...definition, steps } as SagaDefinition, {}, engineOn(new Map(), say('ship', 'RETRY', 'RETRY')));
    expect(attempts).toBe(3);
  });

  test('has the saga undone, with the failing step', async () => {
    const world = new World();
    world.failing.set('ship', new Unavailable('away'));
    const result = await runSaga(saga(world), {}, engineOn(new Map(), say('ship', 'COMPENSATE')));
    expect(result).toMatchObject({ outcome: 'COMPENSATED', refusal: { step: 'ship', errors: [{ code: 'OPERATOR' }] } });
    expect(world.log.slice(4)).toEqual([...NAMES.toReversed().map((name) => `undo ${name}`), 'cancel']);
  });

  test.each([
    ['at the pivot', 'ship'],
    ['after it', 'reserve'],
  ] as const)('is not heard when it is to be undone %s', async (_, pivot) => {
    const world = new World();
    world.failing.set('ship', new Unavailable('away'));
    const kept = new Map<string, any>();
    const verdicts = say('ship', 'COMPENSATE', 'COMPENSATE', 'SKIP');
    expect(await runSaga(saga(world, undefined, pivot), {}, engineOn(kept, verdicts))).toEqual({
      outcome: 'COMPLETED',
    });
    expect(kept.get('ship').skippedBy).toBe(by);
  });

  test('has an undo skipped, which is not logged as undone', async () => {
    const world = new World();
    world.failing.set('undo stock', new Unavailable('away'));
    const verdicts = say('undo stock', 'COMPENSATE', 'SKIP');
    await runSaga(saga(world, 'ship'), {}, engineOn(new Map(), verdicts));
    expect(told(world)).toEqual(expect.arrayContaining(['carrier UNDONE', 'reserve UNDONE']));
    expect(told(world)).not.toContain('stock UNDONE');
  });

  test('has the last step of a compensation skipped', async () => {
    const world = new World();
    world.failing.set('cancel', new Unavailable('away'));
    const kept = new Map<string, any>();
    await runSaga(saga(world, 'ship'), {}, engineOn(kept, say('cancel', 'SKIP')));
    expect(kept.get('cancel').skippedBy).toBe(by);
  });
});
