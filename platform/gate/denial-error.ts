import { GraphQLError, getNamedType } from 'graphql';
import type { Actor } from '../identity/actor.ts';
import type { Check } from './compile.ts';
import { type DecisionTable, describeDecision, isGuarded } from './decision.ts';

/** The error of a denied selection: its demands, its path, and UNAUTHENTICATED or FORBIDDEN as the code. */
export function denialError(check: Check, decisions: DecisionTable, actor: Actor): GraphQLError {
  const field = check.type.getFields()[check.node.name.value]!;
  const coordinate = `${check.type.name}.${field.name}`;
  const needed = new Set(
    [check.type.name, coordinate, getNamedType(field.type).name]
      .map((at) => decisions.get(at))
      .filter(isGuarded)
      .map(describeDecision),
  );
  if (needed.size > 1) needed.delete('a signed-in user');
  const what = `${coordinate} needs ${[...needed].join(' and ')}`;
  const isAnonymous = !actor.isAuthenticated;
  return new GraphQLError(isAnonymous ? `${what}: sign in first.` : `${what}: you do not have that.`, {
    nodes: check.node,
    path: [...check.path],
    extensions: { code: isAnonymous ? 'UNAUTHENTICATED' : 'FORBIDDEN', coordinate },
  });
}
