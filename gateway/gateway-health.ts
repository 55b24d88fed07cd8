import type { DependencyHealth } from '../platform/agent/health.ts';
import type { HealthSource } from '../platform/http/health.ts';
import type { Breakers } from '../platform/resilience/breakers.ts';
import type { BreakerState } from '../platform/resilience/guard.ts';
import type { GraphWatch, SubgraphState } from './graph/graph-watch.ts';

/** Sources of the health of a gateway in a process of its own. */
export interface GatewayHealthSources {
  watch: Pick<GraphWatch, 'state'>;
  breakers: Pick<Breakers, 'list'>;
  /** State of the list of ended sessions. */
  revocations(): { status: string };
  /** Number of graph versions in use. */
  graphVersions(): number;
  /** Dependencies shared with other processes: Redis. */
  cluster(): DependencyHealth[];
}

/** One agent as the gateway sees it. */
interface AgentHealth extends SubgraphState {
  status: 'UP' | 'DOWN' | 'UNKNOWN';
  breaker: Omit<BreakerState, 'lastError'> | null;
}

/** Health of a gateway in a process of its own: every agent with its replicas, and how the graph was composed. */
export function gatewayHealth(sources: GatewayHealthSources): HealthSource {
  const { watch, breakers, revocations, graphVersions } = sources;
  const shared = () => sources.cluster().map(withoutText);
  const agents = (): AgentHealth[] => {
    const states = breakers.list();
    return watch.state.subgraphs.map((subgraph) => {
      const breaker = states.find(({ name }) => name === `agent:${subgraph.name}`);
      return { ...subgraph, status: statusOf(subgraph, breaker), breaker: breaker ? withoutText(breaker) : null };
    });
  };
  const dependencies = (): ({ name: string; status: string } & object)[] => [
    { name: 'directory', ...(watch.state.directory as { status: string }) },
    { name: 'revocations', ...revocations() },
    ...shared(),
    ...agents().map((agent) => ({ ...agent, name: `agent:${agent.name}` })),
  ];
  return {
    detailed: async () => ({
      status: 'ready',
      composition: watch.state.composition,
      graphVersions: graphVersions(),
      directory: watch.state.directory,
      revocations: revocations(),
      dependencies: shared(),
      subgraphs: agents(),
    }),
    dependency: async (name) => dependencies().find((dependency) => dependency.name === name),
  };
}

/** Down without a replica or with an open circuit. Unknown with a half-open circuit: the next request will tell. */
function statusOf({ replicas }: SubgraphState, breaker: BreakerState | undefined): AgentHealth['status'] {
  if (replicas.length === 0 || breaker?.state === 'OPEN') return 'DOWN';
  return breaker?.state === 'HALF_OPEN' ? 'UNKNOWN' : 'UP';
}

/** An error's text is for staff: it may name hosts and more. */
function withoutText<T extends { lastError: unknown }>({ lastError: _, ...rest }: T): Omit<T, 'lastError'> {
  return rest;
}
