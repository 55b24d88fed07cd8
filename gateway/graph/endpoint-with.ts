import type { SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import type { Graph } from './graph.ts';

/** Whether a graph has a field, for each that was asked for. The text of a graph is long, and is searched once a field. */
const known = new WeakMap<object, Map<string, boolean>>();

/** The agent of this name if the graph has this field, which is the agent's own and which clients do not see. */
export function endpointWith(
  graph: Pick<Graph, 'supergraphSdl' | 'endpoints'>,
  name: string,
  field: string,
): SubgraphEndpoint | undefined {
  const endpoint = graph.endpoints.find((one) => one.name === name);
  if (!endpoint) return undefined;
  let fields = known.get(graph);
  if (!fields) known.set(graph, (fields = new Map()));
  let isThere = fields.get(field);
  if (isThere === undefined) fields.set(field, (isThere = graph.supergraphSdl.includes(`${field}(`)));
  return isThere ? endpoint : undefined;
}
