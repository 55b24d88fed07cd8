import type { Kysely } from 'kysely';
import type { Breakers } from '../resilience/breakers.ts';
import { agentOf } from '../projections/projection.ts';
import { type ConsumerLag, consumerLag } from './consumer-lag.ts';
import { type DatabaseMonitor, reasonOf } from './database-monitor.ts';
import { type DependencyHealth, dependencyOf, NOT_READY_FROM, type ProcessHealth } from './health.ts';
import type { AgentLifecycles } from './agent-lifecycles.ts';
import { byConnections } from './registry.ts';

/** Health of a process, told also while the database is away: all but the consumers' lag comes from memory. */
export interface HostHealth {
  /** Readiness: whether its agents can serve, and what is missing if not. */
  ready(): { ready: boolean; degradation: number; waitingFor?: string; reason?: string };
  /** The detailed health. The database is asked once, for a second at most. */
  detailed(): Promise<ProcessHealth>;
  /** Health of a dependency of one of its agents, by name; the database is checked anew. */
  dependency(name: string): Promise<Omit<DependencyHealth, 'lastError'> | undefined>;
}

/** Timeout of the query for the consumers' lag, in milliseconds. */
const LAG_MS = 1000;

/** The health of one host. */
export function hostHealth(options: {
  kysely: Kysely<any>;
  kyselyFor?(agent: string): Kysely<any>;
  lifecycles: AgentLifecycles;
  breakers: Breakers;
  monitor: DatabaseMonitor;
  instance: string;
  agents: readonly string[];
  /** Event types that each consumer handles. */
  handled: ReadonlyMap<string, readonly string[]>;
}): HostHealth {
  const { lifecycles, breakers, monitor, instance, agents, handled } = options;
  const lag = async () => {
    const all = [...byConnections(options, handled, ([consumer]) => agentOf(consumer))];
    return (await Promise.all(all.map(([kysely, some]) => consumerLag(kysely, new Map(some))))).flat();
  };

  const ready = (): ReturnType<HostHealth['ready']> => {
    const all = agents.map((name) => lifecycles.of(name).now);
    const waiting = all.some(({ status }) => status === 'STARTING');
    const isServing = all.some(({ status }) => status === 'RUNNING' || status === 'DEGRADED');
    const degradation = all.length > 0 ? Math.min(...all.map((agent) => agent.degradation)) : 0;
    if (waiting || !isServing) return { ready: false, degradation, waitingFor: 'agents' };
    if (degradation >= NOT_READY_FROM) {
      const reason = reasonOf(lifecycles.database());
      return { ready: false, degradation, waitingFor: 'database', ...(reason && { reason }) };
    }
    return { ready: true, degradation };
  };

  return {
    ready,
    async detailed() {
      const isUp = monitor.state.status !== 'DOWN';
      const consumers = isUp ? await soon(lag()) : undefined;
      const { ready: isReady, degradation } = ready();
      return {
        status: isReady ? 'ready' : 'not ready',
        degradation,
        uptimeSeconds: lifecycles.uptimeSeconds,
        instance,
        dependencies: [
          ...[lifecycles.database(), ...lifecycles.shared()].map(withoutText),
          ...agents.flatMap((agent) => lifecycles.own(agent).map((health) => ({ ...withoutText(health), agent }))),
          ...breakers.list().filter(isOfAgent).map(asDependency),
        ],
        agents: agents.map((id) => {
          const { errors, lastError } = lifecycles.healthOf(id);
          return { id, ...lifecycles.of(id).now, errors, lastError };
        }),
        ...(consumers && { consumers }),
        breakers: breakers.list().map(withoutText),
      };
    },
    async dependency(name) {
      if (name === 'database') {
        await monitor.look();
        return withoutText(lifecycles.database());
      }
      const shared = [...lifecycles.shared(), ...agents.flatMap((agent) => lifecycles.own(agent))].find(
        (dependency) => dependency.name === name,
      );
      if (shared) return withoutText(shared);
      const states = breakers.list().filter((breaker) => breaker.name === name && isOfAgent(breaker));
      const worst = states.find(({ state }) => state !== 'CLOSED') ?? states[0];
      return worst && withoutText(dependencyOf(worst));
    },
  };
}

const isOfAgent = ({ name }: { name: string }): boolean => name !== 'database';

const asDependency = (breaker: Parameters<typeof dependencyOf>[0]) => ({
  ...withoutText(dependencyOf(breaker)),
  agent: breaker.agent,
});

/** An error's text is for staff, in the graph: it may name hosts and more. */
function withoutText<T extends { lastError: unknown }>({ lastError: _, ...rest }: T): Omit<T, 'lastError'> {
  return rest;
}

async function soon(lag: Promise<ConsumerLag[]>): Promise<ConsumerLag[] | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), LAG_MS)));
  try {
    return await Promise.race([lag.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
