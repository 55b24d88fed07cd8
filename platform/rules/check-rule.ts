/**
 * What a rule may be made of, beyond what the type checker holds: the parts of CEL whose cost is bounded by the length of
 * the rule and of its facts. What is not named here is refused, so that a later release of cel-js opens nothing.
 */
import { isStorable, UNSTORABLE_MESSAGE } from '../text/storable.ts';
import { isInt64, type Facts } from './facts.ts';
import { InvalidRule } from './invalid-rule.ts';
import { isMacro, MACROS, operandsOf, type RuleNode } from './nodes.ts';

/** Functions that take time in proportion to what they read, and make nothing longer than that. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  'contains',
  'double',
  'duration',
  'endsWith',
  'int',
  'size',
  'startsWith',
  'timestamp',
]);

const ALLOWED = [...FUNCTIONS, ...MACROS].sort().join(', ');

/** Operators and literals. Not among them: maps, fields, optional values. */
const OPERATORS: ReadonlySet<string> = new Set(
  'value id call rcall list [] ?: || && !_ -_ == != < <= > >= in + - * / %'.split(' '),
);

/** Types that may be added: sums of them are no longer than they are. */
const ADDED: ReadonlySet<string> = new Set(['int', 'double', 'google.protobuf.Timestamp', 'google.protobuf.Duration']);

/** Names that a rule may use where a node stands: those of the facts, and of the item inside a macro's body. */
interface Scope {
  facts: Facts;
  item?: string;
}

/** Checks the names in a rule before its types, since they are the likelier mistake. @throws InvalidRule */
export function checkNames(node: RuleNode, scope: Scope): void {
  const fail = (problem: string): never => {
    throw new InvalidRule(problem, node.input, node.start);
  };
  if (!OPERATORS.has(node.op)) fail(`"${node.op}" is not used in rules.`);
  if (node.op === 'id' && !Object.hasOwn(scope.facts, node.args) && node.args !== scope.item)
    fail(`There is no fact ${node.args}: the facts are ${Object.keys(scope.facts).join(', ')}.`);
  if (node.op === 'value' && typeof node.args === 'bigint' && !isInt64(node.args))
    fail(`${node.args} is too large: a whole number has 64 bits.`);
  if (node.op === 'value' && typeof node.args === 'string' && !isStorable(node.args)) fail(UNSTORABLE_MESSAGE);
  if (node.op === 'call' || node.op === 'rcall') {
    const name = node.args[0];
    if (!FUNCTIONS.has(name) && !isMacro(node)) fail(`${name}() is not used in rules: there are ${ALLOWED}.`);
  }
  if (isMacro(node)) checkMacro(node, scope);
  else for (const operand of operandsOf(node)) checkNames(operand, scope);
}

function checkMacro(node: RuleNode & { op: 'rcall' }, scope: Scope): void {
  const [name, list, [item, ...bodies]] = node.args;
  const fail = (problem: string, at: RuleNode = node): never => {
    throw new InvalidRule(problem, node.input, at.start);
  };
  // One loop inside another would multiply the rounds.
  if (scope.item !== undefined) fail(`${name}() stands inside another loop: a rule has no loops inside loops.`);
  if (list.op !== 'id' && list.op !== 'list' && !isMacro(list))
    fail(`${name}() is for a fact that is a list, or a list in the rule.`, list);
  if (item?.op !== 'id' || bodies.length !== 1)
    return fail(`${name}() needs a name for the items, and a condition: ${name}(x, x == "…").`);
  if (Object.hasOwn(scope.facts, item.args)) fail(`${item.args} is a fact: give the items another name.`, item);
  checkNames(list, scope);
  checkNames(bodies[0]!, { ...scope, item: item.args });
}

/** Checks what only the types tell: texts and lists are not joined, which could grow. @throws InvalidRule */
export function checkSizes(node: RuleNode): void {
  const type = node.checkedType?.name ?? 'unknown';
  if (node.op === '+' && !ADDED.has(type))
    throw new InvalidRule(`Values of type ${type} are not added in rules.`, node.input, node.start);
  for (const operand of operandsOf(node)) checkSizes(operand);
}
