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

/** A trial: the actions that are repeated with a crash before each write. */
export interface Trial<Subject extends { who: string }> {
  /**
   * Makes a new subject, with all that comes before, undisturbed. `who` is the customer or merchant whose writes are
   * held.
   */
  prepare(): Promise<Subject>;
  /**
   * The disturbed action. A client that got no answer calls it again, with the same key. Returns the id of what it
   * makes.
   */
  act(subject: Subject): Promise<string>;
  /** Resolves when the action has ended as it should. */
  ended(id: string): Promise<unknown>;
  /** All rows that the action left behind, without ids and times. */
  footprint(subject: Subject): Promise<Record<string, unknown>>;
  /** Runs that are held at the same time: each keeps a place in its saga's queue. @default 20 */
  atOnce?: number;
}

/** The connection pool of the process, of which each held run takes a connection. */
export const ENVIRONMENT = { DATABASE_POOL: '60' };
/**
 * Writes of the order's consumer after a refund, beside the saga: it handles one batch at a time, so one that is held
 * holds all others up, and it may come before or after the saga's end. Tried in following-a-payment.test.ts.
 */
const FOLLOWED = /timeline_entry PAYMENT_REFUNDED|order\.payment_status_changed/;
/**
 * Writes that hold up other runs: of the consumers of notifications and of the payments' books, behind the draw of a
 * refund's number, of DBOS's claims, and of the consumer that wakes sagas.
 */
const HOLDS_OTHERS = new RegExp(
  [
    'notification',
    String.raw`payment\.(ledger_|refund DONE|refunded|idempotency)`,
    'workflow_status .* PENDING',
    String.raw`update dbos\.workflow_status .* ENQUEUED`,
  ].join('|'),
);
const HELD_AT_ONCE = 20;
/** Held writes of the engine: DBOS has eight connections, and needs some to go on. */
const ENGINE_AT_ONCE = 4;

/**
 * Tries every write. Returns the points that were tried.
 * @param tried points that hold up every other run as well, and are tried once for all trials.
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
  expect(points.filter((point) => point.startsWith('insert dbos.operation_outputs'))).not.toEqual([]);
  expect(points.length).toBeGreaterThan(8);

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

/** Kills the process once each subject has come to its point. Returns the answers that they got until then. */
async function dieAt<Subject extends { who: string }>(
  shop: ProcessShop,
  trial: Trial<Subject>,
  subjects: readonly Subject[],
  round: readonly string[],
): Promise<Promise<string | undefined>[]> {
  const answers: Promise<string | undefined>[] = [];
  let isAlive = true;
  /** Retries a held request, which runs into a timeout, until the process dies. */
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

/** Rounds of points: those at which many runs can be held together, and each of the others alone. */
function roundsOf(points: readonly string[], tried: Set<string>, atOnce: number): string[][] {
  const alone = points.filter((point) => HOLDS_OTHERS.test(point));
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

/** The footprint once nothing changes any more. */
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

/** The footprint as soon as it is as expected, or its last state after a while. */
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
