import { PATIENCE_MS } from './patience.ts';

/**
 * Milliseconds between checks: soon at first, then seldom, so that many waits leave the machine to the work that they
 * wait for.
 */
const pauses = function* (): Generator<number, never> {
  for (let pause = 5; ; pause = Math.min(pause * 1.5, 250)) yield pause;
};
const pauseOf = (waiting: Generator<number, never>): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, waiting.next().value));

type Condition = () => boolean | Promise<boolean>;

/**
 * Waits until the condition holds; its description is given, or is the condition's own text.
 * @throws Error with the description, at the timeout
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

/** Whether an error is the test's own, such as of a `beforeAll` that made nothing: it will come the next time too. */
const isOurs = (error: unknown): boolean => error instanceof TypeError && !error.cause;

/**
 * Asks again until the answer is satisfactory, also after an error, as of a busy machine that has no connection left.
 * @throws Error with the last answer, or the last error, at the timeout
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
