import { parseArgs } from 'node:util';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { Fault } from '../../platform/errors.ts';

/** The choice of agents that a process runs. */
export interface Choice {
  names?: readonly string[];
  /** All agents of these areas, too. */
  areas?: readonly string[];
  /** All agents. */
  all?: boolean;
  /** Except these. */
  except?: readonly string[];
}

/** The choice that a command line makes: `order inventory`, `--area commerce --except order`. @throws TypeError for another option */
export function choiceIn(args: readonly string[]): Choice {
  const { values, positionals: names } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      area: { type: 'string', multiple: true },
      except: { type: 'string', multiple: true },
    },
  });
  const { all, area: areas, except } = values;
  return { names, areas, all, except };
}

/** The part of an agent's definition by which it is chosen. */
type Known = Pick<AgentDefinition, 'name' | 'area'>;

/** The chosen agents, each once. @throws Fault NO_SUCH_AGENT that lists the agents */
export function chosenAgents<Agent extends Known>(agents: readonly Agent[], choice: Choice): Agent[] {
  const { names = [], areas = [], all = false, except = [] } = choice;
  const unknown = [
    ...[...names, ...except]
      .filter((name) => !agents.some((agent) => agent.name === name))
      .map((name) => `agent ${name}`),
    ...areas.filter((area) => !agents.some((agent) => agent.area === area)).map((area) => `area ${area}`),
  ];
  if (unknown.length > 0) throw noSuchAgent(agents, `There is no ${unknown.join(', no ')}`);
  const chosen = agents.filter(
    ({ name, area }) => (all || names.includes(name) || areas.includes(area)) && !except.includes(name),
  );
  if (chosen.length === 0) throw noSuchAgent(agents, 'Say which agents to run');
  return chosen;
}

const noSuchAgent = (agents: readonly Known[], what: string): Fault => {
  const byArea = Map.groupBy(agents, ({ area }) => area);
  const lists = [...byArea].map(([area, some]) => `${area} (${some.map(({ name }) => name).join(', ')})`);
  return new Fault(
    'NO_SUCH_AGENT',
    `${what}: \`npm run agent -- order inventory\`, \`npm run agent -- --area commerce\`, or \`npm run agent -- --all\`; ` +
      `\`--except order\` leaves one out. There are ${lists.join(' and ')}.`,
  );
};
