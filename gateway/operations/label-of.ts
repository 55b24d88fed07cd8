import { type DocumentNode, getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';
import { operationLabel } from '../../platform/telemetry/operation-label.ts';

/** An operation's name in metrics, and whether it is a query, a mutation or a subscription. */
export function labelOf(
  document: DocumentNode,
  operationName: string | null | undefined,
): { operation: string; kind: string } {
  const node = getOperationAST(document, operationName) as OperationDefinitionNode | null;
  const first = node?.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD);
  return { operation: operationLabel(node?.name?.value, first?.name.value), kind: node?.operation ?? 'unknown' };
}
