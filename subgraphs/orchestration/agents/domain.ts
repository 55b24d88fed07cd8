/** The rules of the registry: liveness and skills of agents. */

/** The part of an agent's row that these rules need. */
interface Registered {
  status: 'STARTING' | 'RUNNING' | 'DEGRADED' | 'STOPPING' | 'STOPPED' | 'FAILED';
  degradation: number;
  heartbeatAt: Date;
  skills: readonly { id: string; name: string }[];
}

const FAILED = { status: 'FAILED', degradation: 4, isAlive: false } as const;

/** An agent's state. It has failed if it should be alive and its last heartbeat is older than its lease. */
export function stateOf(agent: Omit<Registered, 'skills'>, now: Date, leaseMs: number) {
  const { status, degradation } = agent;
  if (status === 'STOPPED') return { status, degradation, isAlive: false };
  if (now.getTime() - agent.heartbeatAt.getTime() > leaseMs) return FAILED;
  return { status, degradation, isAlive: true };
}

/** Whether the id or the name of one of an agent's skills contains this, in upper or lower case. */
export function canDo(agent: Pick<Registered, 'skills'>, capability: string): boolean {
  const sought = capability.trim().toLowerCase();
  return agent.skills.some(({ id, name }) => [id, name].some((text) => text.toLowerCase().includes(sought)));
}
