import { hashOf } from '../data/idempotency.ts';
import { shortened } from '../errors.ts';
import type { DecisionRow } from './decision-entity.ts';
import { type Policy, versionKey } from './policy.ts';

/** The result of a replay: the same, another, or there is nothing to compare with. */
export type ReplayResult = 'SAME' | 'DIFFERS' | 'IMPOSSIBLE';

/** A record, decided anew on its own inputs by its own version of the policy. */
export interface Replay {
  result: ReplayResult;
  /** What is chosen now; null where that cannot be told. */
  choice: string | null;
  /** Why there is nothing to compare with; null where there is. */
  reason: string | null;
}

/**
 * Decides a record anew. It is the same only if all that the policy answers is, such as the units of each location, and
 * not the choice alone. Pure: it reads nothing and writes nothing.
 */
export function replay(
  { policy: name, policyVersion: version, source, inputs, choice, resultHash }: DecisionRow,
  policies: ReadonlyMap<string, Policy>,
): Replay {
  if (source === 'HUMAN') return impossible('A person decided this.');
  const policy = policies.get(versionKey(name, version));
  if (!policy) return impossible(`Version ${version} of ${name} is not here any more.`);
  if (inputs === null) return impossible('Its inputs were too long to be kept.');
  const read = policy.inputs.safeParse(inputs);
  if (!read.success) return impossible(`Version ${version} of ${name} cannot read its inputs.`);
  try {
    const { alternatives, result } = policy.decide(read.data);
    const now = alternatives[0].choice;
    const isSame = now === choice && hashOf(result) === resultHash;
    return { result: isSame ? 'SAME' : 'DIFFERS', choice: now, reason: null };
  } catch (error) {
    // One policy that fails does not take the list of decisions with it.
    return impossible(shortened(`Version ${version} of ${name} fails on its inputs: ${(error as Error).message}`));
  }
}

const impossible = (reason: string): Replay => ({ result: 'IMPOSSIBLE', choice: null, reason });
