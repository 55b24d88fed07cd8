import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * Refuses a subscription of which a condition may leave nothing: nothing cannot be subscribed to
 * (https://spec.graphql.org/September2025/#sec-Single-Root-Field). The rule of graphql 16 reads conditions without
 * their variables and throws; of literals that leave the field out it says nothing. A literal condition that keeps the
 * field does no harm.
 */
export function conditionalRoot(document: DocumentNode): GraphQLError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const seen = new Set<string>();

  const conditionIn = ({ selections }: SelectionSetNode): DirectiveNode | undefined => {
    for (const selection of selections) {
      const condition =
        selection.directives?.find(selection.kind === Kind.FIELD ? mayLeaveOut : isCondition) ??
        conditionBelow(selection);
      if (condition) return condition;
    }
    return undefined;
  };
  const conditionBelow = (selection: SelectionSetNode['selections'][number]): DirectiveNode | undefined => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return conditionIn(selection.selectionSet);
    if (selection.kind === Kind.FIELD || seen.has(selection.name.value)) return undefined;
    seen.add(selection.name.value);
    const fragment = fragments.get(selection.name.value);
    return fragment && conditionIn(fragment.selectionSet);
  };

  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION || node.operation !== OperationTypeNode.SUBSCRIPTION) continue;
    seen.clear();
    const condition = conditionIn(node.selectionSet);
    if (condition) return refusal(condition);
  }
  return undefined;
}

const isCondition = ({ name }: DirectiveNode): boolean => name.value === 'skip' || name.value === 'include';

function mayLeaveOut(directive: DirectiveNode): boolean {
  if (!isCondition(directive)) return false;
  const { name, arguments: [given] = [] } = directive;
  return given?.value.kind !== Kind.BOOLEAN || given.value.value !== (name.value === 'include');
}

function refusal(condition: DirectiveNode): GraphQLError {
  const [given] = condition.arguments ?? [];
  const isVariable = given?.value.kind === Kind.VARIABLE;
  const message = isVariable
    ? 'The field of a subscription cannot stand under `@skip` or `@include` with a variable.'
    : 'The field of a subscription cannot be left out by `@skip` or `@include`, nor stand in a fragment with one.';
  return new GraphQLError(message, { nodes: condition, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
}
