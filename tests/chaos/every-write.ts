/**
 * `kill -9` between any two steps of a saga, and inside each: an undisturbed run shows every write that it leads to, and
 * then, for each of those writes, another run's process dies right before it. Started again, each must end up with the
 * footprint of the undisturbed one: every effect, and exactly once.
 */
import { expect } from '@jest/globals';
import { forgetTrace, killAt, pointsOf } from '../support/crash-points.ts';
import type { ProcessShop } from '../support/process-shop.ts';
import { untilAnswer } from '../support/until.ts';
import { PATIENCE_MS } from '../support/patience.ts';

/** What is tried. */
export interface Trial<Subject extends { who: string }> {
  /** Somebody new, with all that happens before, undisturbed. `who` is the customer or merchant of whom the writes tell. */
  prepare(): Promise<Subject>;
  /** What is disturbed. A client that got no answer calls it again, with the same key. The id of what it makes. */
  act(subject: Subject): Promise<string>;
  /** Resolves when it has ended as it should. */
  ended(id: string): Promise<unknown>;
  /** All that it left behind, without ids and times. */
  footprint(subject: Subject): Promise<Record<string, unknown>>;
  /** How many are held at the same time: each keeps a turn of its saga's queue. @default 20 */
  atOnce?: number;
}

/** The pool of the process, of which each run that is held takes a connection. */
export const ENVIRONMENT = { DATABASE_POOL: '60' };
/**
 * What the order writes when it hears of a refund, beside the saga: its consumer handles one batch at a time, so one that
 * is held holds all others up, and it may come before or after the saga's end. Tried in following-a-payment.test.ts.
 */
const FOLLOWED = /timeline_entry PAYMENT_REFUNDED|order\.payment_status_changed/;
const HELD_AT_ONCE = 20;
/** DBOS has eight connections, and needs some to go on. */
const ENGINE_AT_ONCE = 4;

/**
 * Tries every write. The points there were.
 * @param tried points that hold everybody else up as well, and are tried once for all trials.
 */
export async function dieBeforeEachWrite<Subject extends { who: string }>(
  shop: ProcessShop,
  trial: Trial<Subject>,
  tried: Set<string>,
): Promise<string[]> {
  const undisturbed = await trial.prepare();
  await forgetTrace(shop.kysely);
  await trial.ended(await trial.act(undisturbed));
  const expected = await footprintAtRest(trial, undisturbed);
  const points = (await pointsOf(shop.kysely, undisturbed.who)).filter((point) => !FOLLOWED.test(point));
  expect(points.filter((point) => point.startsWith('insert dbos.operation_outputs')).length).toBeGreaterThan(2);

  for (const round of roundsOf(points, tried, trial.atOnce ?? HELD_AT_ONCE)) {
    const subjects = await Promise.all(round.map(() => trial.prepare()));
    const answers = await dieAt(shop, trial, subjects, round);
    await shop.restart();
    for (const [n, subject] of subjects.entries()) {
      const id = await trial.act(subject);
      expect([id, undefined]).toContain(await answers[n]);
      await trial.ended(id);
    }
    for (const [n, subject] of subjects.entries()) {
      const found = await footprintLike(trial, expected, subject);
      expect({ killed: round[n], ...found }).toEqual({ killed: round[n], ...expected });
    }
  }
  return points;
}

/** Kills the process once each subject has come to its point; what they had been answered until then. */
async function dieAt<Subject extends { who: string }>(
  shop: ProcessShop,
  trial: Trial<Subject>,
  subjects: readonly Subject[],
  round: readonly string[],
): Promise<Promise<string | undefined>[]> {
  const answers: Promise<string | undefined>[] = [];
  let isAlive = true;
  /** A request that is held runs into a timeout, and is sent again until the process dies. */
  const patiently = async (subject: Subject): Promise<string | undefined> => {
    while (isAlive) {
      const answer = await trial.act(subject).catch(() => undefined);
      if (answer) return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return undefined;
  };
  await killAt(
    shop.kysely,
    subjects.map(({ who }, n) => ({ subject: who, point: round[n]! })),
    {
      act: () => void answers.push(...subjects.map(patiently)),
      kill: () => {
        isAlive = false;
        return shop.kill();
      },
    },
  );
  return answers;
}

/** Points that many runs can be held at together, and each of the others alone. */
function roundsOf(points: readonly string[], tried: Set<string>, atOnce: number): string[][] {
  const alone = points.filter((point) => /notification|workflow_status .* PENDING/.test(point));
  const engine = points.filter((point) => /dbos\./.test(point) && !alone.includes(point));
  const rest = points.filter((point) => !alone.includes(point) && !engine.includes(point));
  const rounds: string[][] = [];
  while (engine.length || rest.length)
    rounds.push([...engine.splice(0, ENGINE_AT_ONCE), ...rest.splice(0, atOnce - ENGINE_AT_ONCE)]);
  const untried = alone.filter((point) => !tried.has(point));
  for (const point of untried) tried.add(point);
  return [...rounds, ...untried.map((point) => [point])];
}

type Footprint = Record<string, unknown>;

/** Once nothing changes any more. */
async function footprintAtRest<S extends { who: string }>(trial: Trial<S>, subject: S): Promise<Footprint> {
  let last = '';
  return untilAnswer(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return trial.footprint(subject);
    },
    (now) => last === (last = JSON.stringify(now)),
    'it never rests',
  );
}

/** The footprint as soon as it is as expected, or as it is after a while. */
async function footprintLike<S extends { who: string }>(
  trial: Trial<S>,
  expected: object,
  subject: S,
): Promise<Footprint> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const now = await trial.footprint(subject);
    if (JSON.stringify(now) === JSON.stringify(expected) || Date.now() > deadline) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
