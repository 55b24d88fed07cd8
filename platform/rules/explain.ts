/**
 * The explanation of a rule: what each of its parts came to, so that a person sees which of them held. A part that was not
 * needed, such as what follows a condition that does not hold in a conjunction, is said to be not evaluated.
 */
import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { type Attempt, attempt } from './attempt.ts';
import { guardedText } from './guarded.ts';
import { isMacro, operandsOf, type RuleNode } from './nodes.ts';
import { textOf } from './rule-text.ts';

/** A part of a rule, with its value. */
export interface RulePart {
  /** Its text, written in one way whatever the blanks and parentheses of the rule. */
  readonly text: string;
  /** Depth in the rule: 0 is the rule, 1 its parts, 2 theirs. */
  readonly depth: number;
  /** Its value as text, shortened if it is long; null if it was not evaluated, or could not be. */
  readonly value: string | null;
  /** Why it could not be evaluated; null if it was, or was not needed. */
  readonly problem: string | null;
}

/** The explanation of a rule. */
export interface Explanation {
  /** The rule and its parts, each before its own parts. Literals are no parts. Empty if the facts cannot be used. */
  readonly parts: readonly RulePart[];
}

/** A part of a rule, compiled for explanations. */
export interface ExplainedNode {
  readonly text: string;
  readonly how: 'AND' | 'OR' | 'NOT' | 'IF' | 'VALUE';
  readonly isLiteral: boolean;
  readonly program: ParseResult;
  readonly operands: readonly ExplainedNode[];
}

const HOW: Partial<Record<string, ExplainedNode['how']>> = { '&&': 'AND', '||': 'OR', '!_': 'NOT', '?:': 'IF' };

/** Compiles the parts of a checked rule. */
export function explained(environment: Environment, node: RuleNode): ExplainedNode {
  const text = textOf(node);
  const how = HOW[node.op] ?? 'VALUE';
  const operands = partsOf(node)
    .filter(({ op }) => how !== 'VALUE' || op !== 'value')
    .map((operand) => explained(environment, operand));
  return { text, how, isLiteral: node.op === 'value', program: environment.parse(guardedText(node)), operands };
}

/** The operands to explain: those of `a && b && c` are three, and a macro's body, which has many values, is none. */
function partsOf(node: RuleNode): readonly RuleNode[] {
  if (isMacro(node)) return operandsOf(node).slice(0, 1);
  if (node.op !== '&&' && node.op !== '||') return operandsOf(node);
  return operandsOf(node).flatMap((operand) => (operand.op === node.op ? partsOf(operand) : [operand]));
}

/** Evaluates a rule by its parts, and notes what each of them came to. */
export function explainWith(node: ExplainedNode, facts: Record<string, unknown>): Attempt & Explanation {
  const parts: Writable<RulePart>[] = [];

  const note = ({ text, isLiteral }: ExplainedNode, depth: number): Writable<RulePart> => {
    const part = { text, depth, value: null, problem: null };
    if (!isLiteral || depth === 0) parts.push(part);
    return part;
  };
  const skip = (part: ExplainedNode, depth: number): void => {
    note(part, depth);
    for (const operand of part.operands) skip(operand, depth + 1);
  };
  const see = (part: ExplainedNode, depth: number): Attempt => {
    const noted = note(part, depth);
    const found = EVALUATE[part.how](part, {
      facts,
      see: (operand) => see(operand, depth + 1),
      skip: (operand) => skip(operand, depth + 1),
    });
    if (found.problem === null) noted.value = shown(found.value);
    else noted.problem = found.problem;
    return found;
  };

  return { ...see(node, 0), parts };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What the evaluation of a part has at hand: the facts, and what is done with an operand, to see its value or to skip it. */
interface Walk {
  facts: Record<string, unknown>;
  see(operand: ExplainedNode): Attempt;
  skip(operand: ExplainedNode): void;
}

const EVALUATE: Record<ExplainedNode['how'], (part: ExplainedNode, walk: Walk) => Attempt> = {
  AND: decidedBy(false),
  OR: decidedBy(true),
  NOT({ operands }, { see }) {
    const found = see(operands[0]!);
    return found.problem === null ? { value: !found.value, problem: null } : found;
  },
  IF({ operands }, { see, skip }) {
    const [condition, yes, no] = operands as [ExplainedNode, ExplainedNode, ExplainedNode];
    const { value, problem } = see(condition);
    const branch = (operand: ExplainedNode, isTaken: boolean) => (isTaken ? see(operand) : skip(operand));
    const found = [branch(yes, problem === null && value === true), branch(no, problem === null && value !== true)];
    return found.find((one) => one !== undefined) ?? { value: undefined, problem };
  },
  VALUE({ operands, program }, { facts, see }) {
    for (const operand of operands) see(operand);
    return attempt(() => program(facts));
  },
};

/**
 * Evaluates a conjunction or a disjunction, which one operand may decide, even if another cannot be evaluated
 * (https://github.com/google/cel-spec/blob/master/doc/langdef.md#logical-operators).
 */
function decidedBy(decisive: boolean) {
  return ({ operands }: ExplainedNode, { see, skip }: Walk): Attempt => {
    let isDecided = false;
    let problem: string | null = null;
    for (const operand of operands) {
      if (isDecided) {
        skip(operand);
        continue;
      }
      const found = see(operand);
      isDecided = found.value === decisive;
      problem ??= found.problem;
    }
    if (isDecided) return { value: decisive, problem: null };
    return problem === null ? { value: !decisive, problem } : { value: undefined, problem };
  };
}

/** The longest value that is shown, in UTF-16 code units. */
const LONGEST_VALUE = 200;

/** A value as text: texts in quotes, times as in RFC 3339, durations in seconds. */
function shown(value: unknown): string {
  const text = textOfValue(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1).toWellFormed()}…` : text;
}

/** Whole numbers keep all digits, in lists too: they may be amounts of money. */
function textOfValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `[${value.map(textOfValue).join(',')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return `${Number(value) / 1000}s`;
  return String(value);
}
