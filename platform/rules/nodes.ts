import type { ASTNode } from '@marcbachmann/cel-js';

/** A node of a parsed rule, with the type that the checker of cel-js has noted on it. */
export type RuleNode = ASTNode & { readonly checkedType?: { readonly name: string } };

/** Macros over a list. Each binds a name for the items, its first argument. */
export const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter']);

/** Whether a node is a macro over a list. */
export const isMacro = (node: RuleNode): node is RuleNode & { op: 'rcall' } =>
  node.op === 'rcall' && MACROS.has(node.args[0]);

/** The operands of a node, from left to right; of a macro, its name for the items and its body among them. */
export function operandsOf(node: RuleNode): readonly RuleNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '!_':
    case '-_':
      return [node.args];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'map':
      return node.args.flat();
    default:
      return node.args;
  }
}
