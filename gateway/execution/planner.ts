import type { QueryPlan } from '@apollo/query-planner';
import type { DocumentNode } from 'graphql';
import { withTypenameAnchor } from './typename-anchor.ts';
import { operationFromDocument, QueryPlanner, Supergraph } from './apollo.ts';

/** Plans an operation of a document that is valid against the supergraph's API schema. */
export type Planner = (document: DocumentNode, operationName?: string) => QueryPlan;

/** A planner of our own, made when it is first needed: @apollo/gateway does not lend its own. */
export function plannerOf(executionSdl: string): Planner {
  let plan: Planner | undefined;
  return (document, operationName) => {
    if (!plan) {
      const supergraph = Supergraph.build(executionSdl);
      const planner = new QueryPlanner(supergraph);
      const schema = supergraph.apiSchema();
      plan = (node, name) =>
        planner.buildQueryPlan(operationFromDocument(schema, withTypenameAnchor(node), { operationName: name }));
    }
    return plan(document, operationName);
  };
}
