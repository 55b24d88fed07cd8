import type { ApolloGateway } from '@apollo/gateway';
import type { QueryPlan } from '@apollo/query-planner';
import type { DocumentNode } from 'graphql';
import { withTypenameAnchor } from './typename-anchor.ts';
import { operationFromDocument } from './apollo.ts';

/** Plans an operation of a document that is valid against the supergraph's API schema. */
export type Planner = (document: DocumentNode, operationName?: string) => QueryPlan;

/**
 * The query planner that a loaded @apollo/gateway 2.14.4 has made for itself. It makes one in any case, and hands it out
 * by `__testing()` only; a second one of a graph version would cost as much time and memory again.
 */
export function plannerOf(gateway: Pick<ApolloGateway, '__testing'>): Planner {
  const { queryPlanner } = gateway.__testing();
  if (!queryPlanner) throw new Error('@apollo/gateway has no query planner: it is not loaded.');
  const schema = queryPlanner.supergraph.apiSchema();
  return (document, operationName) =>
    queryPlanner.buildQueryPlan(operationFromDocument(schema, withTypenameAnchor(document), { operationName }));
}
