/** Approval policies: which commands need whose approval, by tiers with conditions, as operators configure them. */
import { z } from 'zod';
import type { Facts, FactValues } from '../rules/facts.ts';
import type { Rule, Rules } from '../rules/define-rules.ts';
import type { RulePart } from '../rules/explain.ts';

/** The roles whose members may approve. Those above a role may too: an ADMIN approves what an OPERATOR may. */
const APPROVER_ROLES = ['ADMIN', 'OPERATOR', 'ANALYST', 'VIEWER'] as const;
/** A scope that people have, `<agent>:<action>`. A mistyped one would be nobody's, and its tier never approved. */
const SCOPE = /^[a-z][a-z\d]{1,30}:(read|personal|write|admin)$/;

/** The most tiers of a policy. */
export const MAX_TIERS = 10;
/** The most people whose approval a tier may need. */
export const MAX_QUORUM = 20;

const tierShape = z.strictObject({
  when: z.string(),
  approvers: z
    .string()
    .refine(
      (text) => SCOPE.test(text) || APPROVER_ROLES.some((role) => role === text),
      `a role, ${APPROVER_ROLES.join(', ')}, or a scope, such as payment:admin`,
    ),
  quorum: z.int().min(1).max(MAX_QUORUM).default(1),
  selfApproval: z.boolean().default(false),
});

/** A tier of a policy. */
export interface PolicyTier<Declared extends Facts = Facts> {
  /** The condition on which the tier is due. */
  readonly rule: Rule<Declared>;
  /** Who may approve: a role, with those above it, or a scope. */
  readonly approvers: string;
  /** How many people must approve. */
  readonly quorum: number;
  /** Whether the person who asks may approve too. */
  readonly selfApproval: boolean;
}

/** A policy: its tiers, in the order in which they approve. */
export type ApprovalPolicy<Declared extends Facts = Facts> = readonly PolicyTier<Declared>[];

/**
 * Reads a policy from JSON, `[{"when": "amountMinor > 10000", "approvers": "OPERATOR", "quorum": 1}, …]`.
 * @throws Error whose message says which tier is wrong, and how
 */
export function parseApprovalPolicy<Declared extends Facts>(
  text: string,
  rules: Rules<Declared>,
): ApprovalPolicy<Declared> {
  const parsed = z.array(tierShape).min(1).max(MAX_TIERS).safeParse(jsonOf(text));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new Error(`${whereOf(path)}${message}`);
  }
  return parsed.data.map(({ when, ...tier }, at) => {
    try {
      return { ...tier, rule: rules.compile(when) };
    } catch (error) {
      throw new Error(`tier ${at + 1}, when: ${(error as Error).message}`, { cause: error });
    }
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const form = '[{"when": "amountMinor > 10000", "approvers": "OPERATOR", "quorum": 1}]';
    throw new Error(`it is no JSON (${(error as Error).message}): write a list of tiers, ${form}`, { cause: error });
  }
}

const whereOf = ([at, ...rest]: readonly PropertyKey[]): string =>
  typeof at === 'number' ? `tier ${at + 1}${rest.map((part) => `, ${String(part)}`).join('')}: ` : '';

/** A tier that is due for a command, as it is kept with it. */
export interface DueTier {
  /** From 1, in the order in which the tiers approve. */
  tier: number;
  condition: string;
  explanation: readonly RulePart[];
  approvers: string;
  quorum: number;
  selfApproval: boolean;
}

/**
 * The tiers of a policy that are due for a command with these facts. A tier whose condition cannot be evaluated is due:
 * what is not known to need no approval needs it.
 */
export const dueTiers = <Declared extends Facts>(
  policy: ApprovalPolicy<Declared>,
  facts: FactValues<Declared>,
): DueTier[] =>
  policy
    .map(({ rule, ...tier }) => ({ ...tier, condition: rule.text, outcome: rule.explain(facts) }))
    .filter(({ outcome }) => outcome.holds || outcome.problem !== null)
    .map(({ outcome, ...tier }, at) => ({
      ...tier,
      tier: at + 1,
      explanation: outcome.parts.length > 0 ? outcome.parts : [unusable(tier.condition, outcome.problem)],
    }));

const unusable = (text: string, problem: string | null): RulePart => ({ text, depth: 0, value: null, problem });
