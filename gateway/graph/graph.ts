import type { Subgraph, SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { type ScalarSource, scalarsOf } from './adopt-scalars.ts';
import { type Composition, composeSupergraph } from '../composition/compose.ts';
import { type NodeKind, nodeKinds } from '../nodes/node-kinds.ts';

/** What a graph version is made from: a supergraph, and who answers for each of its subgraphs. */
export interface Graph {
  supergraphSdl: string;
  endpoints: readonly SubgraphEndpoint[];
  scalars: ScalarSource;
  /** What `Query.node` finds. @default nothing, there is no such field */
  nodes?: readonly NodeKind[];
  /** Anybody may see all of it, whatever it declares. For foreign supergraphs only. */
  isUnguarded?: true;
}

/** The graph of subgraphs in this process. @throws Error if they do not compose */
export function graphOf(subgraphs: readonly Subgraph[], supergraphSdl?: string): Graph & Pick<Composition, 'hints'> {
  const { supergraphSdl: sdl, hints } = supergraphSdl ? { supergraphSdl, hints: [] } : composeSupergraph(subgraphs);
  const scalars = scalarsOf(subgraphs.map(({ schema }) => schema));
  return { supergraphSdl: sdl, hints, endpoints: subgraphs, scalars, nodes: nodeKinds(subgraphs) };
}
