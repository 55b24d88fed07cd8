import { type DocumentNode, getOperationAST, valueFromASTUntyped } from 'graphql';

/**
 * The variables with the defaults of those that were not sent, still as a client would send them. Subgraphs are given
 * values and not defaults, because graphql-jit 0.8.9 refuses `$x: ID! = "a"` without `$x` as "not provided".
 */
export function withDefaults(
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): Readonly<Record<string, unknown>> {
  // Of no prototype: a variable may be called `constructor`, here and where Apollo looks for it.
  const given: Record<string, unknown> = Object.assign(Object.create(null), variables);
  const missing = (getOperationAST(document, operationName)?.variableDefinitions ?? []).filter(
    ({ variable, defaultValue }) => defaultValue && given[variable.name.value] === undefined,
  );
  for (const node of missing) given[node.variable.name.value] = valueFromASTUntyped(node.defaultValue!);
  return given;
}
