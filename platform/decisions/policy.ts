/**
 * A policy: the pure function behind a kind of decision, with the version that its records name. It is given everything
 * that it decides on, so that a record can be replayed: no clock, no chance, no I/O.
 */
import type { z } from 'zod';
import type { DecisionSource } from './decision-entity.ts';

/** One of the choices that a policy weighed. */
export interface Alternative {
  /** The choice, as a machine names it: an id, ids joined by ` + `, an amount. */
  choice: string;
  /** Comparable within one decision alone; more is better. */
  score: number;
  /** Explanation of the score, for people. */
  reasons: readonly string[];
}

/** The answer of a policy. */
export interface Verdict<Result = unknown> {
  /** All that the effect is made of. JSON, since a replay is compared by it. */
  result: Result;
  /** Explanation of the choice, for people. */
  reasons: readonly string[];
  /** What was weighed, the choice first and then from better to worse. */
  alternatives: readonly [Alternative, ...Alternative[]];
  /** How many were weighed, where `alternatives` has not all of them. @default the number of alternatives */
  weighed?: number;
}

/** A policy of one version. */
export interface Policy<Inputs = any, Result = unknown> {
  /** `<agent>.<what it decides>`, the same in every version: `inventory.spread`. */
  readonly name: string;
  /** Counts up with every change by which the same inputs could lead to another result. */
  readonly version: number;
  /** Who decides. A person's decision is recorded as a review. */
  readonly source: Exclude<DecisionSource, 'HUMAN'>;
  /** The schema of the inputs, by which recorded ones are read again. They hold ids and figures, no personal data. */
  readonly inputs: z.ZodType<Inputs>;
  /** Decides. The order of properties and rows in the inputs makes no difference. */
  decide(inputs: Inputs): Verdict<Result>;
}

/** The policies of an agent by name and version. @throws Error for two of one name and version */
export function policiesByVersion(policies: readonly Policy[]): ReadonlyMap<string, Policy> {
  const found = new Map<string, Policy>();
  for (const policy of policies) {
    const key = versionKey(policy.name, policy.version);
    if (found.has(key)) throw new Error(`There are two policies ${policy.name} of version ${policy.version}.`);
    found.set(key, policy);
  }
  return found;
}

/** The key of a version of a policy: `inventory.spread 1`. */
export const versionKey = (name: string, version: number): string => `${name} ${version}`;
