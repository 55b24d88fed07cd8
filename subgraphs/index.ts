/** The list of rooms: every folder here with an `agent.ts` is an agent. Only `bin` reads it. */
import { existsSync, readdirSync } from 'node:fs';
import type { AgentDefinition } from '../platform/agent/define-agent.ts';

/** The names of all agents, in alphabetical order. Loads none of them. */
export const agentNames = (): string[] =>
  readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(`${import.meta.dirname}/${entry.name}/agent.ts`))
    .map((entry) => entry.name)
    .sort();

/** Loads these agents and no other room. @default all */
export const loadAgents = (names: readonly string[] = agentNames()): Promise<AgentDefinition[]> =>
  Promise.all(names.map(async (name) => (await import(`./${name}/agent.ts`)).default as AgentDefinition));
