/** The parts of the tests of stretches: an engine that forgets what it has not checkpointed, and the agents that it asks. */
import { expect } from '@jest/globals';
import { refuse, Unavailable } from '../errors.ts';
import { defineSaga, type SagaDefinition, type SagaStep, type StepReport, type Verdict } from './define-saga.ts';
import { type Engine, runSaga } from './run-saga.ts';
import { STRETCH } from './stretch-checkpoints.ts';

/** The process dies. */
export class Crash extends Error {}

/** What a database keeps of a saga while its processes come and go. */
export class Memory {
  readonly kept: { name: string; value: string }[] = [];
  readonly received: string[] = [];
  clock = 0;

  get names(): string[] {
    return this.kept.map(({ name }) => name);
  }

  /**
   * A process that carries the saga on. It dies at the `crashAt`th point, and stops in an orderly way at the `stopAt`th
   * step of a stretch.
   */
  engine(
    verdicts: Map<string, Verdict['action']> = new Map(),
    { crashAt = Infinity, stopAt = Infinity }: { crashAt?: number; stopAt?: number } = {},
  ): Engine {
    let point = 0;
    let place = 0;
    let stretches = 0;
    let tried = 0;
    let isStopped = false;
    const mayCrash = (): void => {
      if (point++ === crashAt) throw new Crash();
    };
    const keep = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      const here = place++;
      const known = this.kept[here];
      if (known && known.name !== name) throw new Error(`${name} is replayed over the checkpoint of ${known.name}`);
      if (!known) {
        const value = await work();
        mayCrash();
        this.kept[here] = { name, value: JSON.stringify(value) };
        mayCrash();
      }
      return JSON.parse(this.kept[here]!.value) as T;
    };
    return {
      id: 'saga:1',
      ask: undefined as never,
      now: () => new Date(this.clock++ * 1000).toISOString(),
      receive: async (topic) => void this.received.push(topic),
      carry: async () => undefined,
      callOff: async () => {},
      step: (name, work, options) =>
        keep(name, async () => {
          for (let attempts = 0; ; attempts++) {
            mayCrash();
            const action = verdicts.get(name);
            const decided = action && attempts > 0 ? options?.decide?.({ action, by: 'user_1' }) : undefined;
            if (decided !== undefined) return decided;
            try {
              const outcome = await work();
              mayCrash();
              return outcome;
            } catch (error) {
              if (error instanceof Crash) throw error;
              if (attempts > 20) throw new Error(`${name} never works`, { cause: error });
            }
          }
        }),
      stretch: async (work, isEnd) => {
        const number = stretches++;
        const run = () =>
          work(async (_, workOfStep) => {
            isStopped = tried++ === stopAt;
            if (isStopped) return { isFailing: false };
            mayCrash();
            try {
              const kept = await workOfStep();
              mayCrash();
              return { kept };
            } catch (error) {
              if (error instanceof Crash) throw error;
              return { isFailing: true };
            }
          });
        const isKept = this.names.filter((name) => name === STRETCH).length > number;
        const kept = await (async () => {
          if (!isEnd || isKept) return keep(STRETCH, run);
          const ended = await run();
          return isEnd(ended) ? ended : keep(STRETCH, async () => ended);
        })();
        // After a stop nothing of the saga goes on in this process.
        if (isStopped) throw new Crash();
        return kept;
      },
    };
  }
}

/** How a step of a test's saga is, and what its agent does. */
export interface Step {
  name: string;
  isPivot?: boolean;
  waits?: boolean;
  /** Two branches instead of one step. */
  hasBranches?: boolean;
  isSkipped?: boolean;
  isRefused?: boolean;
  /** Attempts that fail, before one works. */
  failures?: number;
}

/** The other agents: each key has its effect once, and answers as it did the first time. */
export class World {
  readonly effects: string[] = [];
  readonly asked: string[] = [];
  story: readonly StepReport[] = [];
  readonly #failed = new Map<string, number>();

  definition(steps: readonly Step[], more: Partial<SagaDefinition> = {}): SagaDefinition {
    const single = (step: Step, name = step.name): SagaStep<object, Record<string, string>> => ({
      name,
      agent: 'other',
      does: name,
      when: step.isSkipped ? () => false : undefined,
      run: async ({ key, state }) => {
        this.asked.push(name);
        if (step.isRefused) throw refuse('NO', 'No.');
        // An agent that is away fails before it has looked at the key.
        this.#fail(step);
        this.#do(key, name);
        return { [name]: `after ${Object.keys(state).join('+')}` };
      },
      undo: async ({ key }) => {
        if (!this.effects.includes(name)) return false;
        this.#do(key, `undo ${name}`);
        return true;
      },
    });
    return defineSaga<object, Record<string, string>>({
      name: 'test',
      description: '.',
      checkpoints: 'STRETCHES',
      steps: steps.map((step) =>
        step.hasBranches
          ? { name: step.name, branches: [single(step, `${step.name}1`), single(step, `${step.name}2`)] }
          : {
              ...single(step),
              pivot: step.isPivot,
              waitsFor: step.waits ? { topic: step.name, seconds: () => 1 } : undefined,
            },
      ),
      whenRefused: {
        name: 'cancel',
        agent: 'other',
        does: 'cancel',
        run: async ({ key, story }) => {
          this.story = [...story];
          this.#do(key, 'cancel');
        },
      },
      ...more,
    });
  }

  #fail({ name, failures = 0 }: Step): void {
    const failed = this.#failed.get(name) ?? 0;
    this.#failed.set(name, failed + 1);
    if (failed < failures) throw new Unavailable('away');
  }

  #do(key: string, effect: string): void {
    expect(key).toBe(`saga:1:${effect}`);
    if (!this.effects.includes(effect)) this.effects.push(effect);
  }
}

/** Runs a saga to its end: each process but the last dies or stops at its point, if it gets that far. */
export async function runThrough(
  definition: SagaDefinition,
  memory: Memory,
  lives: readonly { crashAt?: number; stopAt?: number }[] = [],
  verdicts?: Map<string, Verdict['action']>,
) {
  for (let life = 0; life < 50; life++) {
    try {
      return await runSaga(definition, {}, memory.engine(verdicts, lives[life]));
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  throw new Error('it never got through');
}
