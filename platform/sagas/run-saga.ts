import type { Ask } from '../commands/ask.ts';
import { isUnstorable, NeverWorks, Refusal, type UserError } from '../errors.ts';
import { UNSTORABLE_MESSAGE } from '../text/storable.ts';
import type {
  EndedStep,
  Kept,
  SagaBranch,
  SagaDefinition,
  SagaRefusal,
  SagaResult,
  SagaStep,
  StepContext,
  StepReport,
  StepTells,
  Verdict,
} from './define-saga.ts';
import { CALLED_OFF, isGivenUp, OPERATOR } from './given-up.ts';
import { isPlain, mayBeLast, runStretch, type Stretch, type TryOnce } from './stretch.ts';

/** Options for attempts of a step. */
export interface AttemptOptions<T> {
  /** Timeout of an attempt. @default 30 */
  timeoutSeconds?: number;
  /** The outcome to keep of the step for a verdict other than RETRY; undefined where the verdict does not apply. */
  decide?(verdict: Verdict): T | undefined;
  /** Whether the step only waits for another saga: then it has no timeout, and a stop need not wait for it. */
  isWaiting?: boolean;
}

/** Durable execution of a saga's steps: DBOS in production (life.ts), anything that keeps results in a test. */
export interface Engine {
  readonly id: string;
  readonly ask: Ask;
  /**
   * Runs `work` until it succeeds, and checkpoints its result, which is the answer after a crash. Steps may run in
   * parallel; they are told apart by the order in which they were called.
   */
  step<T>(name: string, work: () => Promise<T>, options?: AttemptOptions<T>): Promise<T>;
  /**
   * Runs a stretch of steps, each of which is tried once, and checkpoints what `work` returns. `isEnd` is given if that may
   * be how the saga ends: then the saga's end is its checkpoint. A step that failed in it goes on by `step`, whose first
   * attempt that was. `work` does not throw.
   */
  stretch<T>(work: (tryOnce: TryOnce) => Promise<T>, isEnd?: (kept: T) => boolean): Promise<T>;
  /** Waits for a message of a topic, with a timeout. */
  receive(topic: string, seconds: number): Promise<void>;
  /**
   * Runs a saga as a step of this one, and waits for its end. It is started once, however often this is called. Call it
   * within a step only. Without an input it is not started; undefined if it never was.
   * @throws Fault SUB_SAGA_FAILED if it ended with an error
   */
  carry(step: string, saga: string, input?: Record<string, unknown>): Promise<SagaResult | undefined>;
  /** Ends another saga, whose subject has ended. Call it within a step only. */
  callOff(saga: string): Promise<void>;
  /** The time, as text. Call it within a step only. */
  now(): string;
}

type Branch<Input, State> = SagaBranch<Input, State, any>;

/** The course of a saga so far: the merged results of its steps, and their log. */
interface Course<State> {
  state: Partial<State>;
  story: StepReport[];
}

/** Runs a saga to its end. Deterministic between steps: after a crash it is replayed over the kept results. */
export async function runSaga<Input, State>(
  definition: SagaDefinition<Input, State>,
  input: Input,
  engine: Engine,
): Promise<SagaResult> {
  const course: Course<State> = { state: {}, story: [] };
  const done: Branch<Input, State>[] = [];
  const context = (
    name: string,
    { state, story }: Course<State> = course,
    refusal?: SagaRefusal,
  ): StepContext<Input, State> => ({
    input,
    state,
    story,
    refusal,
    ask: engine.ask,
    key: `${engine.id}:${name}`,
    carry: (step, saga, input) => engine.carry(step, saga, input),
    callOff: (saga) => engine.callOff(saga),
  });

  const { steps } = definition;
  const pivot = definition.whenRefused ? steps.findIndex((step) => step.pivot) : -1;
  const wayBackAt = (index: number): WayBack => ({
    // The pivot itself may be refused, but an operator may not undo it: it may have worked unnoticed.
    refusal: definition.whenRefused !== undefined && (pivot < 0 || index <= pivot),
    operator: definition.whenRefused !== undefined && (pivot < 0 || index < pivot),
  });
  const isDue = (step: Branch<Input, State>, { state }: Course<State> = course) => !step.when || step.when(state);
  const indexOf = (name: string) => steps.findIndex((step) => step.name === name);
  let last: readonly EndedStep[] | undefined;

  for (let index = 0; index < steps.length; ) {
    const step = steps[index]!;
    if (definition.checkpoints !== 'STRETCHES' || !isPlain(step)) {
      const refusal = await carryOut(step.branches ?? [step], index);
      if (refusal) return compensate(refusal, index);
      index++;
    } else if (!isDue(step)) index++;
    else {
      const { next, isFailing, refusal } = await goOn(index);
      if (refusal) return compensate(refusal, indexOf(refusal.step));
      index = next === undefined ? steps.length : indexOf(next);
      if (!isFailing) continue;
      const refusedLater = await carryOut([steps[index] as SagaStep<Input, State, any>], index);
      if (refusedLater) return compensate(refusedLater, index);
      index++;
    }
  }
  return { outcome: 'COMPLETED', ...(last && { steps: last }) };

  /** Runs the stretch that begins at this step, and logs it as its checkpoint has it. */
  async function goOn(from: number): Promise<Stretch<State> & { refusal?: SagaRefusal }> {
    const isLast = mayBeLast(definition, from);
    const isEnd = ({ next, steps: kept }: Stretch<State>) => next === undefined && !kept.some(({ refusal }) => refusal);
    const work = (tryOnce: TryOnce): Promise<Stretch<State>> => {
      const ahead: Course<State> = { state: { ...course.state }, story: [...course.story] };
      return runStretch<Input, State>(steps, from, {
        isDue: (step) => isDue(step, ahead),
        now: () => engine.now(),
        async run(step) {
          const tried = await tryOnce(
            step.name,
            outcomeOf(step, context(step.name, ahead), engine, wayBackAt(steps.indexOf(step))),
            step,
          );
          if ('kept' in tried) log(step, tried.kept, ahead);
          return tried;
        },
      });
    };
    const stretch = await engine.stretch(work, isLast ? isEnd : undefined);
    if (isLast && isEnd(stretch)) last = stretch.steps.map(({ step, startedAt, at }) => ({ step, startedAt, at }));
    for (const kept of stretch.steps) {
      const step = steps.find(({ name }) => name === kept.step) as SagaStep<Input, State, any>;
      done.push(step);
      log(step, kept, course);
    }
    return { ...stretch, refusal: stretch.steps.at(-1)?.refusal };
  }

  /** The steps after this one that a stretch may have done which a crash cut off: nobody knows which, up to the pivot. */
  function mayHaveBegun(index: number): Branch<Input, State>[] {
    if (definition.checkpoints !== 'STRETCHES') return [];
    return steps.slice(index + 1, pivot < 0 ? steps.length : pivot).flatMap((step) => step.branches ?? [step]);
  }

  /** Runs one step, or several in parallel, and logs them in the order of their list. */
  async function carryOut(
    some: readonly (SagaStep<Input, State, any> | Branch<Input, State>)[],
    index: number,
  ): Promise<SagaRefusal | undefined> {
    const due = some.filter((step) => isDue(step));
    for (const step of due)
      if ('waitsFor' in step && step.waitsFor)
        await engine.receive(step.waitsFor.topic, step.waitsFor.seconds(course.state));
    // A refused step is undone too: it may have got half-way.
    done.push(...due);
    const kept = await Promise.all(due.map((step) => attempt(step, context(step.name), engine, wayBackAt(index))));
    for (const [n, each] of kept.entries()) log(due[n]!, each, course);
    return kept.find((each) => each.refusal)?.refusal;
  }

  /** Logs how a step ended, and merges its result into the state. */
  function log({ name, tells }: Branch<Input, State>, kept: Kept<State>, { state, story }: Course<State>): void {
    const { result, refusal, skippedBy, at } = kept;
    const code = refusal?.errors[0]?.code;
    story.push({
      step: name,
      outcome: refusal ? 'REFUSED' : 'DONE',
      ...(skippedBy ? { skipped: true } : {}),
      code,
      tells: refusal ? toldOfRefusal(tells, code ?? '') : toldOf(tells?.done, result ?? {}),
      at,
    });
    if (!refusal) Object.assign(state, result);
  }

  /** Undoes the saga, of which this step was refused. */
  async function compensate(refusal: SagaRefusal, index: number): Promise<SagaResult> {
    for (const step of [...done, ...mayHaveBegun(index)].toReversed()) {
      if (step.undo) await undo(step, step.undo.bind(step), refusal);
    }
    const { name, run, timeoutSeconds } = definition.whenRefused!;
    const lastWord = async (): Promise<Kept<State>> => {
      await run(context(name, course, refusal));
      return { at: engine.now() };
    };
    const decide = skipping<Kept<State>>(({ by }) => ({ at: engine.now(), skippedBy: by }));
    await engine.step(name, lastWord, { timeoutSeconds, decide });
    return { outcome: 'COMPENSATED', refusal };
  }

  async function undo(
    { name, timeoutSeconds, saga, tells: of }: Branch<Input, State>,
    takeBack: NonNullable<Branch<Input, State>['undo']>,
    refusal: SagaRefusal,
  ): Promise<void> {
    const key = `undo ${name}`;
    const work = async (): Promise<{ at: string; nothing: boolean; as?: string; skippedBy?: string }> => {
      const was = await takeBack(context(key, course, refusal));
      return { at: engine.now(), nothing: was === false, as: typeof was === 'object' ? was.as : undefined };
    };
    const decide = skipping(({ by }) => ({ at: engine.now(), nothing: true, skippedBy: by }));
    const undone = await engine.step(key, work, { timeoutSeconds, decide, isWaiting: saga !== undefined });
    const { at, as, nothing } = undone;
    if (nothing) return;
    const tells = toldOf(of?.undone, as);
    course.story.push(as ? { step: as, outcome: 'DONE', tells, at } : { step: name, outcome: 'UNDONE', tells, at });
  }
}

/** The entry of an outcome, if it has one. */
const toldOf = <End>(tells: string | ((end: End) => string | undefined) | undefined, end: End): string | undefined =>
  typeof tells === 'function' ? tells(end) : tells;

const toldOfRefusal = (tells: StepTells<any, any> | undefined, code: string): string | undefined =>
  isGivenUp(code) ? undefined : toldOf(tells?.refused, code);

/** The user errors of a refusal. A permanent error counts as one too, since a retry would not help. */
function errorsOf(error: unknown): readonly UserError[] | undefined {
  if (error instanceof Refusal)
    return error.userErrors.map(({ code, message, path }) => ({ code, message, ...(path && { path }) }));
  if (error instanceof NeverWorks) return [{ code: 'INVALID_INPUT', message: error.message }];
  if (isUnstorable(error)) return [{ code: 'INVALID_INPUT', message: UNSTORABLE_MESSAGE }];
  return undefined;
}

/** Whether a refusal of a step, or an operator, may still have the saga undone. */
interface WayBack {
  refusal: boolean;
  operator: boolean;
}

/** Verdicts on a step that can only be skipped or retried. */
const skipping =
  <T>(kept: (verdict: Verdict) => T) =>
  (verdict: Verdict): T | undefined =>
    verdict.action === 'SKIP' ? kept(verdict) : undefined;

/** The work of a step, which gives its result or its refusal, and throws a fault. */
const outcomeOf =
  <Input, State>(
    step: Branch<Input, State>,
    context: StepContext<Input, State>,
    engine: Pick<Engine, 'now'>,
    wayBack: WayBack,
  ) =>
  async (): Promise<Kept<State>> => {
    try {
      return { result: (await step.run(context)) ?? {}, at: engine.now() };
    } catch (error) {
      const errors = errorsOf(error);
      // After the pivot a refusal is for a person to look at, and is retried meanwhile.
      if (!errors || !wayBack.refusal) throw error;
      return { refusal: { step: step.name, errors }, at: engine.now() };
    }
  };

function attempt<Input, State>(
  step: Branch<Input, State>,
  context: StepContext<Input, State>,
  engine: Engine,
  wayBack: WayBack,
): Promise<Kept<State>> {
  const work = outcomeOf(step, context, engine, wayBack);
  const decide = ({ action, by }: Verdict): Kept<State> | undefined => {
    if (action === 'SKIP') return { result: {}, skippedBy: by, at: engine.now() };
    if (action === 'END' && !wayBack.operator) return { result: {}, skippedBy: by, at: engine.now() };
    if (action === 'RETRY' || !wayBack.operator) return undefined;
    if (action === 'END') {
      const errors = [{ code: CALLED_OFF, message: 'What this was about is no more.' }];
      return { refusal: { step: step.name, errors }, at: engine.now() };
    }
    const errors = [{ code: OPERATOR, message: `Undone on the word of ${by}.` }];
    return { refusal: { step: step.name, errors }, at: engine.now() };
  };
  return engine.step(step.name, work, {
    timeoutSeconds: step.timeoutSeconds,
    decide,
    isWaiting: step.saga !== undefined,
  });
}
