import type { DocumentNode } from 'graphql';
import { composeServices } from '../execution/apollo.ts';
import { withNodePart } from '../nodes/node-part.ts';

/** A subgraph, as composition takes it. */
export interface SubgraphDefinition {
  name: string;
  typeDefs: DocumentNode;
  /** Where it is served. Empty when it is executed in process. */
  url?: string;
}

/** A composed supergraph. */
export interface Composition {
  supergraphSdl: string;
  /** Composition hints: findings that are odd but not wrong, a line each, `LEVEL CODE: message`. */
  hints: string[];
}

/**
 * Composes the subgraphs, and the one that is derived from them (nodes/node-part.ts), into one supergraph.
 * @throws Error that lists every reason why they do not fit together, with its code
 */
export function composeSupergraph(subgraphs: readonly SubgraphDefinition[]): Composition {
  const parts: readonly SubgraphDefinition[] = withNodePart(subgraphs);
  const services = parts.map(({ name, typeDefs, url = '' }) => ({ name, typeDefs, url }));
  const { supergraphSdl, hints, errors } = composeServices(services);
  if (!supergraphSdl) {
    const reasons = (errors ?? []).map((error) => `- ${String(error.extensions.code ?? 'ERROR')}: ${error.message}`);
    throw new Error(`The subgraphs do not compose:\n${reasons.join('\n')}`);
  }
  return {
    supergraphSdl,
    hints: hints.map(({ definition, message }) => `${definition.level.name} ${definition.code}: ${message}`),
  };
}
