/**
 * The text of a node, in one way whatever the blanks and parentheses of the rule. Parsed again it has the same value, which
 * `serialize` of cel-js 8.0.0 does not hold: it leaves out parentheses that `%` and `/` need, as in `a % (b * c)`, rounds
 * numbers, and escapes characters as its parser does not read them.
 */
import { operandsOf, type RuleNode } from './nodes.ts';

/** How tightly operators bind (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax). */
const BINDING: Partial<Record<string, number>> = {
  '?:': 0,
  '||': 1,
  '&&': 2,
  ...Object.fromEntries(['==', '!=', '<', '<=', '>', '>=', 'in'].map((op) => [op, 3])),
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '!_': 6,
  '-_': 6,
};
const ATOM = 7;
const bindingOf = ({ op }: RuleNode): number => BINDING[op] ?? ATOM;

/** Writes more around the text of a node: what it returns binds as tightly as the node, or is a call. */
type Around = (node: RuleNode, text: string) => string;

/** The text of a node. */
export const textOf = (node: RuleNode, around: Around = (_, text) => text): string =>
  around(node, inside(node, around));

function inside(node: RuleNode, around: Around): string {
  const own = bindingOf(node);
  const operands = operandsOf(node);
  /** An operand, in parentheses unless it binds as tightly as is needed. */
  const operand = (at: number, needed: number): string => {
    const text = textOf(operands[at]!, around);
    return bindingOf(operands[at]!) < needed ? `(${text})` : text;
  };
  const list = (from: number): string =>
    operands
      .slice(from)
      .map((each) => textOf(each, around))
      .join(', ');
  switch (node.op) {
    case 'value':
      return node.input.slice(node.start, node.end);
    case 'id':
      return node.args;
    case '!_':
    case '-_':
      return `${node.op[0]}${operand(0, ATOM)}`;
    case 'list':
      return `[${list(0)}]`;
    case '[]':
      return `${operand(0, ATOM)}[${list(1)}]`;
    case 'call':
      return `${node.args[0]}(${list(0)})`;
    case 'rcall':
      return `${operand(0, ATOM)}.${node.args[0]}(${list(1)})`;
    case '?:':
      return `${operand(0, own + 1)} ? ${operand(1, own + 1)} : ${operand(2, own + 1)}`;
    case '&&':
    case '||':
      return `${operand(0, own)} ${node.op} ${operand(1, own)}`;
    default:
      return `${operand(0, own)} ${node.op} ${operand(1, own + 1)}`;
  }
}
