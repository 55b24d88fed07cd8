import { GraphQLError } from 'graphql';
import { refused } from './refused.ts';
import { limitError } from './limit-error.ts';
import type { DocumentLimits } from './limits.ts';

/**
 * Checks variables as they came, before they are coerced to their types.
 * @throws GraphQLError OPERATION_TOO_LARGE; or BAD_REQUEST for a key `__proto__`, which would give an object that is
 * copied key by key another prototype (CWE-1321), and which no input of ours has
 */
export function checkVariables(variables: unknown, limits: DocumentLimits): void {
  const left: { value: unknown; depth: number }[] = [{ value: variables, depth: 0 }];
  let values = 0;
  for (let next = left.pop(); next; next = left.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > limits.variableDepth) throw limitError('variableDepth', limits.variableDepth);
    if (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) throw prototypeKey();
    const members = Object.values(value);
    values += members.length;
    if (values > limits.variableValues) throw limitError('variableValues', limits.variableValues);
    for (const member of members) left.push({ value: member, depth: depth + 1 });
  }
}

const prototypeKey = (): GraphQLError =>
  new GraphQLError('The variables have a key `__proto__`: no input is called so.', {
    extensions: { code: 'BAD_REQUEST', http: refused() },
  });
