import { loadAgents } from '../../subgraphs/index.ts';
import type { Output } from './output.ts';

/**
 * The agents with their skills, for processes that must know them without loading their code, such as a gateway of its
 * own.
 */
export async function agentList(): Promise<Output> {
  const agents = (await loadAgents()).map(({ name, area, title, description, skills }) => ({
    name,
    area,
    title,
    description,
    skills,
  }));
  return { path: 'schema/agents.json', text: `${JSON.stringify(agents, null, 2)}\n` };
}
