/** The kinds of processes that docker-compose.yml and deploy/kubernetes run, side by side on this machine. */
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';

/** One kind of process. */
export interface Role {
  /** Name, as `gateway`, `agents-commerce`, `sagas`. */
  name: string;
  command: readonly string[];
  /** The names of the agents that it runs. */
  agents: readonly string[];
  replicas: number;
}

/** The saga workers have processes of their own. */
const SAGAS = 'orchestration';

/** The agents in groups by area, each with this many replicas; two saga workers, two gateways. */
export function rolesOf(agents: readonly Pick<AgentDefinition, 'name' | 'area'>[], agentReplicas = 1): Role[] {
  const areas = [...new Set(agents.filter(({ name }) => name !== SAGAS).map(({ area }) => area))];
  return [
    ...areas.map((area) => ({
      name: `agents-${area}`,
      command: ['bin/agent.ts', '--area', area, '--except', SAGAS],
      agents: agents.filter((one) => one.area === area && one.name !== SAGAS).map(({ name }) => name),
      replicas: agentReplicas,
    })),
    { name: 'sagas', command: ['bin/agent.ts', SAGAS], agents: [SAGAS], replicas: 2 },
    { name: 'gateway', command: ['bin/gateway.ts'], agents: [], replicas: 2 },
  ];
}
