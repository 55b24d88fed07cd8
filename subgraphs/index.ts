/** The list of rooms: every folder here with an `agent.ts` is an agent. Only `bin` reads it. */
import { existsSync, readdirSync } from 'node:fs';
import type { AgentDefinition } from '../platform/agent/define-agent.ts';

/** All agents, in the order of their names. */
export async function loadAgents(): Promise<AgentDefinition[]> {
  const rooms = readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(`${import.meta.dirname}/${entry.name}/agent.ts`))
    .map((entry) => entry.name)
    .sort();
  return Promise.all(rooms.map(async (room) => (await import(`./${room}/agent.ts`)).default as AgentDefinition));
}
