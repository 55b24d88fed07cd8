/**
 * Rules that people write, in CEL (https://github.com/google/cel-spec), over facts that an agent declares. A rule is a
 * condition: it holds or does not. It has no effects and no I/O, always ends, and its cost is bounded (limits.ts).
 */
import { Environment, type ParseError, type ParseResult } from '@marcbachmann/cel-js';
import { LruCache } from '../lru-cache.ts';
import { attempt, sentence } from './attempt.ts';
import { checkNames, checkSizes } from './check-rule.ts';
import { explained, type ExplainedNode, explainWith, type Explanation } from './explain.ts';
import { type Facts, type FactValues, givenFacts, problemOfFacts } from './facts.ts';
import { declareGuards, guardedText } from './guarded.ts';
import { InvalidRule } from './invalid-rule.ts';
import { isStorable, UNSTORABLE_MESSAGE } from '../text/storable.ts';
import { MAX_DEPTH, MAX_LIST, MAX_PARTS, MAX_TEXT } from './limits.ts';
import { operandsOf, type RuleNode } from './nodes.ts';

/** The outcome of a rule. */
export interface Outcome {
  /** Whether it holds. A rule that cannot be evaluated does not hold. */
  readonly holds: boolean;
  /** Why it cannot be evaluated: a fact that is missing, an overflow, a division by zero. Null if it was. */
  readonly problem: string | null;
}

/** A compiled rule. */
export interface Rule<Declared extends Facts = Facts> {
  /** Its text. */
  readonly text: string;
  /** Evaluates it. Never throws. */
  evaluate(values: FactValues<Declared>): Outcome;
  /** Evaluates it, with the value of each of its parts. Never throws. */
  explain(values: FactValues<Declared>): Outcome & Explanation;
}

/** The rules over an agent's facts. */
export interface Rules<Declared extends Facts = Facts> {
  /** The facts, as they are declared. */
  readonly facts: Declared;
  /** Compiles a rule, or takes it from the cache. @throws InvalidRule with the place of the mistake */
  compile(text: string): Rule<Declared>;
}

/** The compiled rules that are kept, of one declaration of facts. */
const KEPT = { entries: 500, weight: 200_000 };

/** Names of types in cel-js. */
const CEL_TYPES: Partial<Record<string, string>> = { timestamp: 'google.protobuf.Timestamp' };

/** Declares the facts that rules may use. They hold no personal data, since explanations are recorded. */
export function defineRules<const Declared extends Facts>(facts: Declared): Rules<Declared> {
  const environment = new Environment({
    limits: {
      maxAstNodes: MAX_PARTS,
      maxDepth: MAX_DEPTH,
      maxListElements: MAX_LIST,
      maxMapEntries: 0,
      maxCallArguments: 3,
    },
  });
  for (const [name, { type }] of Object.entries(facts)) environment.registerVariable(name, CEL_TYPES[type] ?? type);
  declareGuards(environment);
  const compiled = new LruCache<Rule<Declared>>(KEPT);
  return {
    facts,
    compile(text) {
      const known = compiled.get(text);
      if (known) return known;
      const rule = compileRule(environment, facts, text);
      compiled.set(text, rule, text.length);
      return rule;
    },
  };
}

function compileRule<Declared extends Facts>(environment: Environment, facts: Declared, text: string): Rule<Declared> {
  if (text.length > MAX_TEXT) throw new InvalidRule(`A rule has at most ${MAX_TEXT} characters.`, text);
  if (!isStorable(text)) throw new InvalidRule(UNSTORABLE_MESSAGE, text);
  const { ast, check } = parse(environment, text);
  checkNames(ast, { facts });
  const { valid, type, error } = check();
  if (!valid) throw new InvalidRule(sentence(error!.summary), text, error!.range?.start);
  if (type !== 'bool')
    throw new InvalidRule(`A rule is a condition, true or false, and this is of type ${type}.`, text);
  checkSizes(ast);
  // The guards, and the parentheses of explanations, are beside the rule's own parts and depth.
  const roomy = environment.clone({ limits: { maxAstNodes: GUARDED * MAX_PARTS, maxDepth: GUARDED * MAX_DEPTH } });
  checkConstants(ast, roomy);
  const program = roomy.parse(guardedText(ast));

  let parts: ExplainedNode | undefined;
  return {
    text,
    evaluate(values) {
      const problem = problemOfFacts(facts, values);
      if (problem !== undefined) return { holds: false, problem };
      const found = attempt(() => program(givenFacts(facts, values)));
      return { holds: found.value === true, problem: found.problem };
    },
    explain(values) {
      const unusable = problemOfFacts(facts, values);
      if (unusable !== undefined) return { holds: false, problem: unusable, parts: [] };
      parts ??= explained(roomy, ast);
      const found = explainWith(parts, givenFacts(facts, values));
      return { holds: found.value === true, problem: found.problem, parts: found.parts };
    },
  };
}

/** How many times larger a rule may be with its guards. */
const GUARDED = 10;

/** Checks the times, durations and numbers that a rule writes as texts: they are what they are. @throws InvalidRule */
function checkConstants(node: RuleNode, environment: Environment): void {
  const operands = operandsOf(node);
  if (node.op === 'call' && operands.every(({ op }) => op === 'value')) {
    const { problem } = attempt(() => environment.parse(guardedText(node))({}));
    if (problem !== null) throw new InvalidRule(problem, node.input, node.start);
  }
  for (const operand of operands) checkConstants(operand, environment);
}

/** Parses a rule. @throws InvalidRule */
function parse(environment: Environment, text: string): ParseResult {
  try {
    return environment.parse(text);
  } catch (error) {
    const { code, summary, range } = error as ParseError;
    const problem = code === 'limit_exceeded' ? TOO_LARGE : sentence(summary);
    throw new InvalidRule(problem, text, range?.start);
  }
}

const TOO_LARGE = `The rule is too large: it has at most ${MAX_PARTS} parts, nested at most ${MAX_DEPTH} deep, and lists of at most ${MAX_LIST} items.`;
