import type { Ask } from '../commands/ask.ts';
import { isUnstorable, NeverWorks, Refusal, type UserError } from '../errors.ts';
import { UNSTORABLE_MESSAGE } from '../text/storable.ts';
import type {
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

/** How a step is attempted. */
export interface AttemptOptions<T> {
  /** An attempt that takes longer is given up. @default 30 */
  timeoutSeconds?: number;
  /** What to keep of the step on an operator's word, other than to try again; undefined where it does not hold. */
  decide?(verdict: Verdict): T | undefined;
  /** It only waits for another saga, for as long as that takes: there is no attempt to give up, and no work to stop. */
  isWaiting?: boolean;
}

/** What runs a saga's steps durably: DBOS in production (life.ts), anything that keeps results in a test. */
export interface Engine {
  readonly id: string;
  readonly ask: Ask;
  /**
   * Runs `work` until it succeeds, and keeps what it returned: after a crash the kept result is the answer. Steps may
   * run beside one another; they are told apart by the order in which they were called.
   */
  step<T>(name: string, work: () => Promise<T>, options?: AttemptOptions<T>): Promise<T>;
  /** Waits for a message of a topic, at most so many seconds. */
  receive(topic: string, seconds: number): Promise<void>;
  /**
   * Carries a saga through as a step of this one, and waits for its end: started once, however often it is asked for.
   * Called within a step only. Without an input it is not started; undefined if it never was.
   * @throws Fault SUB_SAGA_FAILED if it has come to no end that a saga comes to
   */
  carry(step: string, saga: string, input?: Record<string, unknown>): Promise<SagaResult | undefined>;
  /** Ends another saga, which has nothing to be about any more; called within a step only. */
  callOff(saga: string): Promise<void>;
  /** The time, as text; called within a step only. */
  now(): string;
}

/** What is kept of a step: its result or its refusal. */
interface Kept<State> {
  result?: Partial<State>;
  refusal?: SagaRefusal;
  /** Who had it left out. */
  skippedBy?: string;
  at: string;
}

type Branch<Input, State> = SagaBranch<Input, State, any>;

/** Codes of refusals that no agent gave: an operator or another saga had the step given up. */
const OPERATOR = 'OPERATOR';
const CALLED_OFF = 'CALLED_OFF';

/** Runs a saga to its end. Deterministic between steps: after a crash it runs again over the kept results. */
export async function runSaga<Input, State>(
  definition: SagaDefinition<Input, State>,
  input: Input,
  engine: Engine,
): Promise<SagaResult> {
  const state: Partial<State> = {};
  const story: StepReport[] = [];
  const done: Branch<Input, State>[] = [];
  const context = (name: string, refusal?: SagaRefusal): StepContext<Input, State> => ({
    input,
    state,
    story,
    refusal,
    ask: engine.ask,
    key: `${engine.id}:${name}`,
    carry: (step, saga, input) => engine.carry(step, saga, input),
    callOff: (saga) => engine.callOff(saga),
  });

  const pivot = definition.whenRefused ? definition.steps.findIndex((step) => step.pivot) : -1;

  for (const [index, step] of definition.steps.entries()) {
    const wayBack = {
      // Its pivot may say no itself. An operator may not: it may have worked without our knowing.
      refusal: definition.whenRefused !== undefined && (pivot < 0 || index <= pivot),
      operator: definition.whenRefused !== undefined && (pivot < 0 || index < pivot),
    };
    const refusal = await carryOut(step.branches ?? [step], wayBack);
    if (refusal) return compensate(refusal);
  }
  return { outcome: 'COMPLETED' };

  /** Carries out one step, or several at once, and tells their story in the order of their list. */
  async function carryOut(
    steps: readonly (SagaStep<Input, State, any> | Branch<Input, State>)[],
    wayBack: WayBack,
  ): Promise<SagaRefusal | undefined> {
    const due = steps.filter((step) => !step.when || step.when(state));
    for (const step of due)
      if ('waitsFor' in step && step.waitsFor) await engine.receive(step.waitsFor.topic, step.waitsFor.seconds(state));
    // Undone too if it was refused: it may have got half-way before it said no.
    done.push(...due);
    const kept = await Promise.all(due.map((step) => attempt(step, context(step.name), engine, wayBack)));
    for (const [index, { result, refusal, skippedBy, at }] of kept.entries()) {
      const { name, tells } = due[index]!;
      const code = refusal?.errors[0]?.code;
      story.push({
        step: name,
        outcome: refusal ? 'REFUSED' : 'DONE',
        ...(skippedBy ? { skipped: true } : {}),
        code,
        tells: refusal ? toldOfRefusal(tells, code ?? '') : toldOf(tells?.done, result ?? {}),
        at,
      });
      if (!refusal) Object.assign(state as object, result);
    }
    return kept.find((each) => each.refusal)?.refusal;
  }

  async function compensate(refusal: SagaRefusal): Promise<SagaResult> {
    for (const step of done.toReversed()) {
      if (step.undo) await undo(step, step.undo.bind(step), refusal);
    }
    const { name, run, timeoutSeconds } = definition.whenRefused!;
    const lastWord = async (): Promise<Kept<State>> => {
      await run(context(name, refusal));
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
      const was = await takeBack(context(key, refusal));
      return { at: engine.now(), nothing: was === false, as: typeof was === 'object' ? was.as : undefined };
    };
    const decide = skipping(({ by }) => ({ at: engine.now(), nothing: true, skippedBy: by }));
    const undone = await engine.step(key, work, { timeoutSeconds, decide, isWaiting: saga !== undefined });
    const { at, as, nothing } = undone;
    if (nothing) return;
    const tells = toldOf(of?.undone, as);
    story.push(as ? { step: as, outcome: 'DONE', tells, at } : { step: name, outcome: 'UNDONE', tells, at });
  }
}

/** The entry of an outcome, if it has one. */
const toldOf = <End>(tells: string | ((end: End) => string | undefined) | undefined, end: End): string | undefined =>
  typeof tells === 'function' ? tells(end) : tells;

const toldOfRefusal = (tells: StepTells<any, any> | undefined, code: string): string | undefined =>
  code === OPERATOR || code === CALLED_OFF ? undefined : toldOf(tells?.refused, code);

/** With what a step says no: also what can never work is one, and not a fault that passes. */
function errorsOf(error: unknown): readonly UserError[] | undefined {
  if (error instanceof Refusal)
    return error.userErrors.map(({ code, message, path }) => ({ code, message, ...(path && { path }) }));
  if (error instanceof NeverWorks) return [{ code: 'INVALID_INPUT', message: error.message }];
  if (isUnstorable(error)) return [{ code: 'INVALID_INPUT', message: UNSTORABLE_MESSAGE }];
  return undefined;
}

/** By whom a step may still have the saga undone. */
interface WayBack {
  refusal: boolean;
  operator: boolean;
}

/** Where a step can only be left out or tried again. */
const skipping =
  <T>(kept: (verdict: Verdict) => T) =>
  (verdict: Verdict): T | undefined =>
    verdict.action === 'SKIP' ? kept(verdict) : undefined;

function attempt<Input, State>(
  step: Branch<Input, State>,
  context: StepContext<Input, State>,
  engine: Engine,
  wayBack: WayBack,
): Promise<Kept<State>> {
  const work = async (): Promise<Kept<State>> => {
    try {
      return { result: (await step.run(context)) ?? {}, at: engine.now() };
    } catch (error) {
      const errors = errorsOf(error);
      // Where there is no way back, a refusal is for a person to look at, and is tried again meanwhile.
      if (!errors || !wayBack.refusal) throw error;
      return { refusal: { step: step.name, errors }, at: engine.now() };
    }
  };
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
