import { PATIENCE_MS } from './patience.ts';

/** Milliseconds between looks: soon at first, then seldom, so that many that wait leave the machine to what they wait for. */
const pauses = function* (): Generator<number, never> {
  for (let pause = 5; ; pause = Math.min(pause * 1.5, 250)) yield pause;
};
const pauseOf = (waiting: Generator<number, never>): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, waiting.next().value));

type Condition = () => boolean | Promise<boolean>;

/**
 * Waits until it holds; what is waited for is said, or is the condition itself.
 * @throws Error that says what was waited for, when the patience ends
 */
export async function until(...given: [what: string, holds: Condition] | [holds: Condition]): Promise<void> {
  const [what, holds] = given.length === 2 ? given : [String(given[0]), given[0]];
  const deadline = Date.now() + PATIENCE_MS;
  const waiting = pauses();
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await pauseOf(waiting);
  }
}

/** What is wrong with the test itself, as where its `beforeAll` made nothing, will be wrong the next time too. */
const isOurs = (error: unknown): boolean => error instanceof TypeError && !error.cause;

/**
 * Asks again until the answer will do, also when there is none, as where a busy machine has no connection left to give.
 * @throws Error with the last answer, or what there was instead, when the patience ends
 */
export async function untilAnswer<T>(
  ask: () => Promise<T>,
  willDo: (answer: T) => boolean,
  complaint: string,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  const waiting = pauses();
  for (;;) {
    const isLate = Date.now() > deadline;
    try {
      const answer = await ask();
      if (willDo(answer)) return answer;
      if (isLate) throw new Error(`${complaint}: ${JSON.stringify(answer)}`);
    } catch (error) {
      if (isLate || isOurs(error)) throw error;
    }
    await pauseOf(waiting);
  }
}
