import { lexicographicSortSchema, printSchema } from 'graphql';
import { Supergraph } from '../../gateway/execution/apollo.ts';
import { composeSupergraph } from '../../gateway/composition/compose.ts';
import { COMPOSED_FROM, composedFrom, formatComposedFrom } from '../../gateway/published/published-supergraph.ts';
import { splitSupergraph } from '../../platform/gate/split-supergraph.ts';
import type { Output } from '../codegen/output.ts';
import type { Room } from '../codegen/rooms.ts';
import { permissionDocs } from './permission-docs.ts';

/** File of the published API that clients see. */
export const API = 'schema/api.graphql';

/**
 * Composes the graph of these rooms: the published files, and the API's SDL, without internal fields. @throws Error if
 * the rooms do not compose
 */
export function composeContract(rooms: readonly Room[]): { api: string; outputs: Output[] } {
  const { supergraphSdl } = composeSupergraph(rooms);
  const { executionSdl, decisions } = splitSupergraph(supergraphSdl);
  const api = Supergraph.build(executionSdl).apiSchema().toGraphQLJSSchema();
  const sdl = `${printSchema(lexicographicSortSchema(api))}\n`;
  return {
    api: sdl,
    outputs: [
      { path: 'schema/supergraph.graphql', text: supergraphSdl },
      { path: `schema/${COMPOSED_FROM}`, text: formatComposedFrom(composedFrom(rooms, supergraphSdl)) },
      { path: API, text: sdl },
      permissionDocs(api, decisions, rooms),
    ],
  };
}
