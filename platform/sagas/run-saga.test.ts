/** A saga of four steps, refused at each and crashed at every boundary. All cases, no database. */
import { describe, expect, test } from '@jest/globals';
import { Refusal, refuse, Unavailable } from '../errors.ts';
import { defineSaga, type SagaDefinition, type SagaStep, type StepReport } from './define-saga.ts';
import { type Engine, runSaga } from './run-saga.ts';

/** The process dies. */
class Crash extends Error {}

/** An engine whose memory outlives its process: `crashAt` counts the points at which the process may die. */
class Memory {
  readonly kept = new Map<string, string>();
  readonly received: string[] = [];
  clock = 0;

  engine(crashAt = Number.POSITIVE_INFINITY): Engine {
    let point = 0;
    const mayCrash = (): void => {
      if (point++ === crashAt) throw new Crash();
    };
    return {
      id: 'saga:1',
      ask: undefined as never,
      now: () => new Date(this.clock++ * 1000).toISOString(),
      step: async (name, work) => {
        const kept = this.kept.get(name);
        if (kept !== undefined) return JSON.parse(kept);
        mayCrash(); // Before the effect.
        let outcome: unknown;
        for (;;) {
          try {
            outcome = await work();
            break;
          } catch (error) {
            if (error instanceof Crash || !(error instanceof Unavailable || error instanceof Refusal)) throw error;
          }
        }
        mayCrash(); // After the effect, before it is kept.
        this.kept.set(name, JSON.stringify(outcome) ?? 'null');
        return outcome === undefined ? undefined : JSON.parse(JSON.stringify(outcome));
      },
      receive: async (topic) => void this.received.push(topic),
      carry: async () => undefined,
      stretch: async () => {
        throw new Error('this saga has no stretches');
      },
      callOff: async () => {},
    };
  }
}

const NAMES = ['reserve', 'authorise', 'confirm', 'capture'] as const;
type Name = (typeof NAMES)[number];

/** The other agents: each key has its effect once, however often it is asked. */
class World {
  readonly effects: string[] = [];
  readonly asked: string[] = [];
  story: readonly StepReport[] = [];

  do(key: string, what: string): void {
    this.asked.push(what);
    if (!this.effects.includes(`${what} ${key}`)) this.effects.push(`${what} ${key}`);
  }

  get done(): string[] {
    return this.effects.map((effect) => effect.slice(0, effect.lastIndexOf(' saga:1:')));
  }
}

interface Options {
  refuse?: Name;
  pivot?: Name;
  /** Refusals or faults before a step works. */
  failing?: { step: string; error: () => Error; times: number };
  withoutUndo?: readonly Name[];
}

function saga(world: World, options: Options = {}): SagaDefinition<object, Record<Name, string>> {
  let failures = 0;
  const fail = (step: string): void => {
    if (options.failing?.step === step && failures++ < options.failing.times) throw options.failing.error();
  };
  const step = (name: Name): SagaStep<object, Record<Name, string>> => ({
    name,
    agent: 'other',
    does: name,
    pivot: options.pivot === name,
    run: async ({ key, state }) => {
      fail(name);
      if (options.refuse === name) throw refuse('NO', `${name} is refused`, ['input']);
      world.do(key, name);
      return { [name]: `after ${Object.keys(state).join('+')}` };
    },
    ...(options.withoutUndo?.includes(name)
      ? {}
      : {
          undo: async ({ key }) => {
            fail(`undo ${name}`);
            if (!world.effects.includes(`${name} saga:1:${name}`)) return false;
            world.do(key, `undo ${name}`);
            return true;
          },
        }),
  });
  return defineSaga({
    name: 'test',
    description: '.',
    steps: NAMES.map(step),
    whenRefused: {
      name: 'cancel',
      agent: 'other',
      does: 'cancel',
      run: async ({ key, story }) => {
        world.story = [...story];
        world.do(key, 'cancel');
      },
    },
  });
}

/** Runs a saga to its end: each life but the last dies at its point, if it gets that far. */
async function runThrough(definition: SagaDefinition, memory: Memory, ...crashes: number[]) {
  for (let lives = 0; lives < 100; lives++) {
    try {
      return await runSaga(definition, {}, memory.engine(crashes[lives]));
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  throw new Error('it never got through');
}

/** Number of points at which the process could die, known from a run without a crash. */
const POINTS = 20;
const cases = [undefined, ...NAMES].flatMap((refused) =>
  Array.from({ length: POINTS }, (_, crashAt) => ({ refused, crashAt })),
);

/** The expected effects in the end, in order. */
const expected = (refused?: Name): string[] => {
  if (!refused) return [...NAMES];
  const before = NAMES.slice(0, NAMES.indexOf(refused));
  return [...before, ...before.toReversed().map((name) => `undo ${name}`), 'cancel'];
};

test.each(cases)(
  'a saga refused at $refused and crashed at point $crashAt has each effect once, undone in reverse',
  async ({ refused, crashAt }) => {
    const [world, memory] = [new World(), new Memory()];
    const result = await runThrough(saga(world, { refuse: refused }), memory, crashAt);
    expect(world.done).toEqual(expected(refused));
    expect(new Set(world.effects).size).toBe(world.effects.length);
    expect(result).toEqual(
      refused
        ? {
            outcome: 'COMPENSATED',
            refusal: { step: refused, errors: [{ code: 'NO', message: `${refused} is refused`, path: ['input'] }] },
          }
        : { outcome: 'COMPLETED' },
    );
  },
);

test('a saga that crashes at any two points ends the same', async () => {
  for (const refused of [undefined, ...NAMES])
    for (let first = 0; first < POINTS; first++)
      for (let second = 0; second < 6; second++) {
        const [world, memory] = [new World(), new Memory()];
        await runThrough(saga(world, { refuse: refused }), memory, first, second);
        expect(world.done).toEqual(expected(refused));
      }
});

test('a step sees the results of those before it', async () => {
  const [world, memory] = [new World(), new Memory()];
  await runThrough(saga(world), memory);
  expect(JSON.parse(memory.kept.get('capture')!).result).toEqual({ capture: 'after reserve+authorise+confirm' });
});

describe('a pivot', () => {
  test('may itself be refused: then all before it is undone', async () => {
    const world = new World();
    await runThrough(saga(world, { pivot: 'confirm', refuse: 'confirm' }), new Memory());
    expect(world.done).toEqual(expected('confirm'));
  });

  test.each(NAMES.slice(1))(
    'lets nothing be undone after it: a refusal of %s is retried until it works',
    async (name) => {
      const world = new World();
      const pivot = NAMES[NAMES.indexOf(name) - 1];
      const failing = { step: name, error: () => refuse('NO', 'not yet'), times: 3 };
      const result = await runThrough(saga(world, { pivot, failing }), new Memory());
      expect(result).toEqual({ outcome: 'COMPLETED' });
      expect(world.done).toEqual([...NAMES]);
    },
  );
});

test.each(NAMES)('a fault in %s is retried and undoes nothing', async (name) => {
  const world = new World();
  const failing = { step: name, error: () => new Unavailable('away'), times: 3 };
  expect(await runThrough(saga(world, { failing }), new Memory())).toEqual({ outcome: 'COMPLETED' });
  expect(world.done).toEqual([...NAMES]);
});

test('a fault or a refusal in an undo is retried until all is undone', async () => {
  for (const error of [() => new Unavailable('away'), () => refuse('NO', 'not yet')]) {
    const world = new World();
    await runThrough(
      saga(world, { refuse: 'capture', failing: { step: 'undo authorise', error, times: 3 } }),
      new Memory(),
    );
    expect(world.done).toEqual(expected('capture'));
  }
});

test('a step without an undo is left as it is', async () => {
  const world = new World();
  await runThrough(saga(world, { refuse: 'capture', withoutUndo: ['authorise'] }), new Memory());
  expect(world.done).toEqual(['reserve', 'authorise', 'confirm', 'undo confirm', 'undo reserve', 'cancel']);
});

test('the last step of a compensation gets the log of steps done, refused and undone, not of empty undos', async () => {
  const world = new World();
  await runThrough(saga(world, { refuse: 'confirm' }), new Memory());
  expect(world.story.map(({ step, outcome, code }) => [step, outcome, code])).toEqual([
    ['reserve', 'DONE', undefined],
    ['authorise', 'DONE', undefined],
    ['confirm', 'REFUSED', 'NO'],
    ['authorise', 'UNDONE', undefined],
    ['reserve', 'UNDONE', undefined],
  ]);
  const times = world.story.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
});

test('an undo with more than one way logs the one taken', async () => {
  const world = new World();
  const definition = saga(world, { refuse: 'confirm' });
  const steps = definition.steps.map((step) =>
    step.name === 'authorise' ? { ...step, undo: async () => ({ as: 'refund' }) } : step,
  );
  await runThrough({ ...definition, steps }, new Memory());
  expect(world.story.slice(3).map(({ step, outcome }) => [step, outcome])).toEqual([
    ['refund', 'DONE'],
    ['reserve', 'UNDONE'],
  ]);
});

describe('an entry that a step tells', () => {
  const TELLS: SagaStep<object, Record<Name, string>, string>['tells'] = {
    done: ({ reserve, authorise }) => (reserve ? 'RESERVED' : authorise && `AUTHORISED ${authorise}`),
    refused: (code) => `REFUSED ${code}`,
    undone: (as) => (as ? `UNDONE by ${as}` : 'UNDONE'),
  };
  const telling = (world: World, refuse?: Name): SagaDefinition => {
    const definition = saga(world, { refuse });
    return { ...definition, steps: definition.steps.map((step) => ({ ...step, tells: TELLS }) as SagaStep<any, any>) };
  };
  const told = ({ story }: World) => story.map(({ tells }) => tells);

  test('is logged, by the result, the refusal or the way of the undo; a step without entries has none', async () => {
    const world = new World();
    const { steps, ...definition } = telling(world, 'capture');
    const undo = async () => ({ as: 'refund' });
    const changed = steps.map((step) =>
      step.name === 'authorise' ? { ...step, undo } : step.name === 'confirm' ? { ...step, tells: undefined } : step,
    ) as typeof steps;
    await runThrough({ ...definition, steps: changed }, new Memory());
    expect(told(world)).toEqual([
      'RESERVED',
      'AUTHORISED after reserve',
      undefined,
      'REFUSED NO',
      undefined,
      'UNDONE by refund',
      'UNDONE',
    ]);
  });

  test('is not kept with the result: a saga in flight tells those of the code that runs it on', async () => {
    const [world, memory] = [new World(), new Memory()];
    await runThrough(saga(world, { refuse: 'authorise' }), memory);
    expect(told(world)).toEqual([undefined, undefined, undefined]);
    memory.kept.delete('cancel');
    await runThrough(telling(world, 'authorise'), memory);
    expect(told(world)).toEqual(['RESERVED', 'REFUSED NO', 'UNDONE']);
  });

  test.each(['OPERATOR', 'CALLED_OFF'])('is none for a refusal that no agent gave: %s', async (code) => {
    const [world, memory] = [new World(), new Memory()];
    const refusal = { step: 'authorise', errors: [{ code, message: '.' }] };
    memory.kept.set('authorise', JSON.stringify({ refusal, at: '2026-06-01T00:00:00.000Z' }));
    await runThrough(telling(world), memory);
    expect(told(world)).toEqual(['RESERVED', undefined, 'UNDONE']);
  });
});

test('the log is the same when it is replayed after a crash', async () => {
  const [world, memory] = [new World(), new Memory()];
  const definition = saga(world, { refuse: 'confirm' });
  await runThrough(definition, memory);
  const { story } = world;
  memory.kept.delete('cancel');
  memory.clock += 1000;
  await runThrough(definition, memory);
  expect(world.story).toEqual(story);
});

test('a step whose condition does not hold is neither done nor undone', async () => {
  const world = new World();
  const definition = saga(world, { refuse: 'capture' });
  const steps = definition.steps.map((step) => (step.name === 'authorise' ? { ...step, when: () => false } : step));
  await runThrough({ ...definition, steps }, new Memory());
  expect(world.done).toEqual(['reserve', 'confirm', 'undo confirm', 'undo reserve', 'cancel']);
});

test('a step that waits is not run before its message or its timeout', async () => {
  const [world, memory] = [new World(), new Memory()];
  const definition = saga(world);
  const steps = definition.steps.map((step) =>
    step.name === 'capture' ? { ...step, waitsFor: { topic: 'paid', seconds: () => 5 } } : step,
  );
  const engine = memory.engine();
  engine.receive = async (topic, seconds) => {
    expect([topic, seconds, world.done]).toEqual(['paid', 5, ['reserve', 'authorise', 'confirm']]);
    memory.received.push(topic);
  };
  await runSaga({ ...definition, steps }, {}, engine);
  expect(memory.received).toEqual(['paid']);
});

test('a saga without `whenRefused` is never undone: a refusal is retried like a fault', async () => {
  const world = new World();
  const { whenRefused: _, ...definition } = saga(world, {
    failing: { step: 'confirm', error: () => refuse('NO', 'not yet'), times: 2 },
  });
  expect(await runThrough(definition, new Memory())).toEqual({ outcome: 'COMPLETED' });
  expect(world.done).toEqual([...NAMES]);
});

test('two steps of one name are refused when the saga is defined', () => {
  const [step] = saga(new World()).steps;
  expect(() => defineSaga({ name: 'twice', description: '.', steps: [step!, step!] })).toThrow(
    'two steps have the same name',
  );
});
