import { readdirSync } from 'node:fs';
import type { AgentDefinition } from './define-agent.ts';

/** The agents that this one asks: those whose commands lie in its room, `commands/<agent>.graphql`. */
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
 * Each after those that it asks, as far as that goes: agents that ask one another in a circle start in the order that
 * they were given in, since each is patient with an agent that does not answer yet.
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
