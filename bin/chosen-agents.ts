import type { AgentDefinition } from '../platform/agent/define-agent.ts';
import { Fault } from '../platform/errors.ts';

/** The agents of these names, each once. @throws Fault NO_SUCH_AGENT that tells which there are */
export function chosenAgents(roster: readonly AgentDefinition[], names: readonly string[]): AgentDefinition[] {
  const all = roster.map(({ name }) => name);
  const unknown = names.filter((name) => !all.includes(name));
  if (names.length > 0 && unknown.length === 0) return roster.filter(({ name }) => names.includes(name));
  const what = names.length === 0 ? 'Say which agents to run' : `There is no agent ${unknown.join(', ')}`;
  throw new Fault(
    'NO_SUCH_AGENT',
    `${what}: \`npm run agent -- order inventory\`, or \`npm run agent -- --all\`. There are ${all.join(', ')}.`,
  );
}
