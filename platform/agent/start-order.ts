import { readdirSync } from 'node:fs';
import type { AgentDefinition } from './define-agent.ts';

/** Names of the agents that this one asks: a file `commands/<agent>.graphql` for each in its room. */
export function asks(agent: Pick<AgentDefinition, 'at'>): string[] {
  try {
    return readdirSync(new URL('commands/', agent.at))
      .filter((file) => file.endsWith('.graphql'))
      .map((file) => file.slice(0, -'.graphql'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Topological order of agents, each after those that it asks. Agents in a cycle start in the order in which they were
 * given, since each is patient with an agent that does not answer yet.
 */
export function startOrder<T extends { name: string }>(agents: readonly T[], asked: (agent: T) => string[]): T[] {
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  const ordered = new Set<T>();
  const onTheWay = new Set<T>();
  const visit = (agent: T): void => {
    if (ordered.has(agent) || onTheWay.has(agent)) return;
    onTheWay.add(agent);
    for (const name of asked(agent)) {
      const other = byName.get(name);
      if (other) visit(other);
    }
    ordered.add(agent);
  };
  agents.forEach(visit);
  return [...ordered];
}
