/** Records a decision, and what became of it, in the transaction of the effect: one statement each, and no commit. */
import { sql } from 'kysely';
import { hashOf } from '../data/idempotency.ts';
import { shortened } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Work } from '../store/store.ts';
import { DecisionSchema, type DecisionRow, type DecisionTables } from './decision-entity.ts';
import type { Alternative, Policy, Verdict } from './policy.ts';

/** The most alternatives that a record keeps. */
export const MAX_ALTERNATIVES = 10;
/** The most reasons of a decision, and of each alternative, that a record keeps, each as long as a message of an error. */
export const MAX_REASONS = 10;
/** The longest choice, in characters: a longer one is an error of its policy. */
export const MAX_CHOICE = 4000;
/** The longest inputs that a record keeps, as JSON in UTF-16 code units. */
export const MAX_INPUTS = 65_536;

/** A decision about to be recorded. */
export interface NewDecision<Inputs, Result> {
  inputs: Inputs;
  /** What the policy answered to the inputs. */
  verdict: Verdict<Result>;
  /** The id of what it was decided about. */
  subjectId: string;
  /** The id of the actor who had it decided. */
  decidedBy: string;
  decidedAt: Date;
}

/**
 * Records a policy's decision with the effect. Where it had nothing to choose between there is no decision, and nothing is
 * written.
 * @returns the id of the record; null where there is none
 * @throws Error for a verdict that is no answer of a sound policy: a choice that is too long, a score that is no number
 */
export async function recordDecision<Inputs, Result>(
  work: Work,
  { name, version, source }: Policy<Inputs, Result>,
  { inputs, verdict, subjectId, decidedBy, decidedAt }: NewDecision<Inputs, Result>,
): Promise<string | null> {
  const { alternatives, reasons, result, weighed = alternatives.length } = verdict;
  if (weighed < 2) return null;
  const { choice } = alternatives[0];
  if (alternatives.some((one) => one.choice.length > MAX_CHOICE))
    throw new Error(`${name} makes a choice of more than ${MAX_CHOICE} characters.`);
  if (!alternatives.every(({ score }) => Number.isFinite(score)))
    throw new Error(`${name} gives an alternative a score that is no number.`);
  const id = newId('decision');
  await work.insert(DecisionSchema, {
    id,
    policy: name,
    policyVersion: version,
    subjectId,
    source,
    choice,
    resultHash: hashOf(result),
    reasons: kept(reasons),
    alternatives: alternatives.slice(0, MAX_ALTERNATIVES).map(keptAlternative),
    weighed,
    inputs: JSON.stringify(inputs).length > MAX_INPUTS ? null : inputs,
    decidedBy,
    decidedAt,
  });
  return id;
}

/** A person's view of a decision: what they would choose, or have chosen instead. */
export interface NewReview {
  choice: string;
  /** Their reason, in their words. */
  reason: string;
  decidedBy: string;
  decidedAt: Date;
}

/** Records a person's decision beside the one that it is about, which stays as it is. Returns the id of the record. */
export async function recordReview(
  work: Work,
  reviewed: Pick<DecisionRow, 'id' | 'policy' | 'policyVersion' | 'subjectId'>,
  { choice, reason, decidedBy, decidedAt }: NewReview,
): Promise<string> {
  const id = newId('decision');
  const { policy, policyVersion, subjectId } = reviewed;
  await work.insert(DecisionSchema, {
    id,
    policy,
    policyVersion,
    subjectId,
    source: 'HUMAN',
    choice,
    reasons: [reason],
    alternatives: [],
    weighed: 0,
    decidedBy,
    decidedAt,
    reviewOf: reviewed.id,
  });
  return id;
}

/** What became of decisions. */
export interface NewOutcome {
  decisionIds: readonly string[];
  /** In capitals, a word of the agent's: `RELEASED`. */
  outcome: string;
  occurredAt: Date;
}

/** Adds an outcome to decisions: once to each, and to those alone that are still kept. Does nothing without any. */
export async function recordOutcome(work: Work, { decisionIds, outcome, occurredAt }: NewOutcome): Promise<void> {
  if (decisionIds.length === 0) return;
  await work.sql
    .withTables<DecisionTables>()
    .insertInto('decision_outcome')
    .columns(['decisionId', 'outcome', 'occurredAt'])
    .expression((eb) =>
      eb
        .selectFrom('decision')
        .select([
          'id',
          sql<string>`${outcome}::text`.as('outcome'),
          sql<Date>`${occurredAt}::timestamptz`.as('occurredAt'),
        ])
        .where('id', 'in', [...decisionIds])
        .orderBy('id')
        // One that is being forgotten is waited for, and is gone then.
        .forKeyShare(),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const keptAlternative = ({ choice, score, reasons }: Alternative): Alternative => ({
  choice,
  score,
  reasons: kept(reasons),
});

const kept = (reasons: readonly string[]): string[] => reasons.slice(0, MAX_REASONS).map(shortened);
