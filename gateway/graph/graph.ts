import type { Subgraph, SubgraphEndpoint } from '../../platform/graphql/subgraph.ts';
import { type ScalarSource, scalarsOf } from './adopt-scalars.ts';
import { type Composition, composeSupergraph } from '../composition/compose.ts';
import { type NodeKind, nodeKinds } from '../nodes/node-kinds.ts';

/** Source of a graph version: a supergraph, and the endpoint of each of its subgraphs. */
export interface Graph {
  supergraphSdl: string;
  endpoints: readonly SubgraphEndpoint[];
  scalars: ScalarSource;
  /** Kinds of entities that `Query.node` finds. @default none, there is no such field */
  nodes?: readonly NodeKind[];
  /** All of it is public, whatever it declares. For foreign supergraphs only. */
  isUnguarded?: true;
}

/** The graph of subgraphs in this process. @throws Error if they do not compose */
export function graphOf(subgraphs: readonly Subgraph[], supergraphSdl?: string): Graph & Pick<Composition, 'hints'> {
  const { supergraphSdl: sdl, hints } = supergraphSdl ? { supergraphSdl, hints: [] } : composeSupergraph(subgraphs);
  const scalars = scalarsOf(subgraphs.map(({ schema }) => schema));
  return { supergraphSdl: sdl, hints, endpoints: subgraphs, scalars, nodes: nodeKinds(subgraphs) };
}
