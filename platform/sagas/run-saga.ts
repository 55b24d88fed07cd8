import type { Ask } from '../commands/ask.ts';
import { Refusal } from '../errors.ts';
import type { SagaDefinition, SagaRefusal, SagaResult, SagaStep, StepContext, StepReport } from './define-saga.ts';

/** What runs a saga's steps durably: DBOS in production (worker.ts), anything that keeps results in a test. */
export interface Engine {
  readonly id: string;
  readonly ask: Ask;
  /** Runs `work` until it succeeds, and keeps what it returned: after a crash the kept result is the answer. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Waits for a message of a topic, at most so many seconds. */
  receive(topic: string, seconds: number): Promise<void>;
  /** The time, as text; called within a step only. */
  now(): string;
}

/** What is kept of a step: its result or its refusal. */
interface Kept<State> {
  result?: Partial<State>;
  refusal?: SagaRefusal;
  at: string;
}

/** Runs a saga to its end. Deterministic between steps: after a crash it runs again over the kept results. */
export async function runSaga<Input, State>(
  definition: SagaDefinition<Input, State>,
  input: Input,
  engine: Engine,
): Promise<SagaResult> {
  const state: Partial<State> = {};
  const story: StepReport[] = [];
  const done: SagaStep<Input, State>[] = [];
  const context = (name: string, refusal?: SagaRefusal): StepContext<Input, State> => ({
    input,
    state,
    story,
    refusal,
    ask: engine.ask,
    key: `${engine.id}:${name}`,
  });

  const pivot = definition.whenRefused ? definition.steps.findIndex((step) => step.pivot) : -1;
  const noWayBack = (index: number): boolean => !definition.whenRefused || (pivot >= 0 && index > pivot);

  for (const [index, step] of definition.steps.entries()) {
    if (step.when && !step.when(state)) continue;
    if (step.waitsFor) await engine.receive(step.waitsFor.topic, step.waitsFor.seconds(state));
    // Undone too if it was refused: it may have got half-way before it said no.
    done.push(step);
    const kept = await engine.step(step.name, () => attempt(step, context(step.name), engine, noWayBack(index)));
    story.push({
      step: step.name,
      outcome: kept.refusal ? 'REFUSED' : 'DONE',
      code: kept.refusal?.errors[0]?.code,
      at: kept.at,
    });
    if (!kept.refusal) Object.assign(state as object, kept.result);
    else return compensate(kept.refusal);
  }
  return { outcome: 'COMPLETED' };

  async function compensate(refusal: SagaRefusal): Promise<SagaResult> {
    for (const step of done.toReversed()) {
      if (!step.undo) continue;
      const name = `undo ${step.name}`;
      const undone = await engine.step(name, async () => {
        const was = await step.undo!(context(name, refusal));
        return { at: engine.now(), nothing: was === false };
      });
      if (!undone.nothing) story.push({ step: step.name, outcome: 'UNDONE', at: undone.at });
    }
    const { name, run } = definition.whenRefused!;
    await engine.step(name, async () => {
      await run(context(name, refusal));
      return engine.now();
    });
    return { outcome: 'COMPENSATED', refusal };
  }
}

async function attempt<Input, State>(
  step: SagaStep<Input, State>,
  context: StepContext<Input, State>,
  engine: Engine,
  noWayBack: boolean,
): Promise<Kept<State>> {
  try {
    return { result: (await step.run(context)) ?? {}, at: engine.now() };
  } catch (error) {
    // Where there is no way back, a refusal is for a person to look at, and is tried again meanwhile.
    if (!(error instanceof Refusal) || noWayBack) throw error;
    const errors = error.userErrors.map(({ code, message }) => ({ code, message }));
    return { refusal: { step: step.name, errors }, at: engine.now() };
  }
}
