import { loadAgents } from '../../subgraphs/index.ts';
import type { Output } from './output.ts';

/** Which agents there are and what they can do, for who must know without loading their code: a gateway of its own. */
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
