import { lexicographicSortSchema, printSchema } from 'graphql';
import { Supergraph } from '../../gateway/execution/apollo.ts';
import { composeSupergraph } from '../../gateway/composition/compose.ts';
import { COMPOSED_FROM, composedFrom, formatComposedFrom } from '../../gateway/published/published-supergraph.ts';
import { splitSupergraph } from '../../platform/gate/split-supergraph.ts';
import type { Output } from '../codegen/output.ts';
import type { Room } from '../codegen/rooms.ts';
import { permissionDocs } from './permission-docs.ts';

/** Where the API that clients see is published. */
export const API = 'schema/api.graphql';

/** The graph of these rooms: what is published of it, and the API's SDL, without what is internal. @throws Error if the rooms do not compose */
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
