import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { print } from 'graphql';
import type { Parts } from '../composition/fit.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { roomSdl } from '../../platform/graphql/room-sdl.ts';
import { typeDefsOf } from '../../platform/graphql/type-defs.ts';

const ROOT = new URL('../../', import.meta.url);

/**
 * The graph as this release has published it, and the parts that it was composed from: a gateway begins with it. `npm
 * run check` holds the two together.
 */
export function publishedGraph(): { supergraphSdl: string; parts: Parts } {
  const supergraphSdl = readFileSync(new URL('schema/supergraph.graphql', ROOT), 'utf8');
  const rooms = readdirSync(new URL('subgraphs/', ROOT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, directory: fileURLToPath(new URL(`subgraphs/${name}/`, ROOT)) }))
    .filter(({ directory }) => existsSync(join(directory, 'schema.graphql')));
  // Printed as an agent tells its SDL, so that equal parts compare as equal.
  const parts = rooms.map(({ name, directory }) => [name, print(typeDefsOf(roomSdl(directory)))] as const);
  return { supergraphSdl, parts: Object.fromEntries(parts) };
}

/** The agents of this release and what they can do, without their code. `npm run codegen` writes it down. */
export const publishedAgents = (): Pick<AgentDefinition, 'name' | 'area' | 'skills'>[] =>
  JSON.parse(readFileSync(new URL('schema/agents.json', ROOT), 'utf8'));
