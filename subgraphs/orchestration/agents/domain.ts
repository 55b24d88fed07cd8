/** What the registry's rows mean. */

/** As much of an agent as these rules look at. */
interface Registered {
  status: 'STARTING' | 'RUNNING' | 'DEGRADED' | 'STOPPING' | 'STOPPED' | 'FAILED';
  degradation: number;
  heartbeatAt: Date;
  skills: readonly { id: string; name: string }[];
}

const FAILED = { status: 'FAILED', degradation: 4, isAlive: false } as const;

/** An agent's state: one that should be alive and has said nothing for longer than its lease has failed, silently. */
export function stateOf(agent: Omit<Registered, 'skills'>, now: Date, leaseMs: number) {
  const { status, degradation } = agent;
  if (status === 'STOPPED') return { status, degradation, isAlive: false };
  if (now.getTime() - agent.heartbeatAt.getTime() > leaseMs) return FAILED;
  return { status, degradation, isAlive: true };
}

/** Whether one of an agent's skills has this in its id or its name, in upper or lower case. */
export function canDo(agent: Pick<Registered, 'skills'>, capability: string): boolean {
  const sought = capability.trim().toLowerCase();
  return agent.skills.some(({ id, name }) => [id, name].some((text) => text.toLowerCase().includes(sought)));
}
