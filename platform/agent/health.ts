/** Health of agents, as it is written into the registry for the graph and told over HTTP. */
import type { BreakerState } from '../resilience/guard.ts';
import type { AgentStatus } from './agent-events.ts';
import type { DatabaseState, DatabaseStatus } from './database-monitor.ts';

/** Health of a dependency of an agent. */
export interface DependencyHealth {
  /** `database`, `agent:inventory`, `payment provider`. */
  name: string;
  /** `UNKNOWN`: it was not asked yet, or its circuit breaker is half open, and the next call will tell. */
  status: DatabaseStatus | 'UNKNOWN';
  /** Latency of the last probe or call that was answered. */
  latencyMs: number | null;
  breaker: BreakerState['state'] | null;
  /** For staff. */
  lastError: string | null;
  /** The code of the error, which everybody may see. */
  lastCode: string | null;
  pool?: { total: number; idle: number; waiting: number };
}

/** A dependency of agents of a process beside the database, which checks its own health. */
export interface SharedDependency {
  /** The agents that depend on it, and lose nothing when it is away. @default all */
  readonly agents?: readonly string[];
  /** Its health at the last check. */
  readonly health: DependencyHealth;
  /** Has the listener called when it is lost, and when it is there (again). */
  onChange(listener: () => void): void;
}

/** Health of one agent. */
export interface AgentHealth {
  dependencies: DependencyHealth[];
  breakers: BreakerState[];
  /** Failures since its process began. */
  errors: number;
  lastError: { type: string; at: string } | null;
}

/** Health of a process, served at `/health/detailed`. */
export interface ProcessHealth {
  status: 'ready' | 'not ready';
  /** The least degradation among its agents: what this process can still do. */
  degradation: number;
  uptimeSeconds: number;
  instance: string;
  dependencies: Omit<DependencyHealth, 'lastError'>[];
  agents: {
    id: string;
    status: AgentStatus;
    degradation: number;
    errors: number;
    lastError: AgentHealth['lastError'];
  }[];
  /** Events that each consumer has yet to handle, 1000 at most; absent while the database does not tell. */
  consumers?: { agent: string; behind: number; oldestAt: string | null }[];
  breakers: Omit<BreakerState, 'lastError'>[];
}

/** Degradation level without messaging between processes: commands work, events wait in the log, live updates poll. */
export const NO_MESSAGING = 2;

/** Degradation level on a fallback database. */
export const ON_FALLBACK = 1;

/** Degradation level from which a process is not ready: nobody can write. */
export const NOT_READY_FROM = 3;

/** Degradation level for a database in this state. */
export const levelOf = ({ status }: Pick<DatabaseState, 'status'>): number =>
  status === 'UP' ? 0 : status === 'READ_ONLY' ? NOT_READY_FROM : 4;

const STATUS_OF: Record<BreakerState['state'], DependencyHealth['status']> = {
  CLOSED: 'UP',
  OPEN: 'DOWN',
  HALF_OPEN: 'UNKNOWN',
};

/** The health of the dependency behind a circuit breaker. */
export const dependencyOf = (breaker: BreakerState): DependencyHealth => ({
  name: breaker.name,
  status: STATUS_OF[breaker.state],
  latencyMs: breaker.latencyMs,
  breaker: breaker.state,
  lastError: breaker.lastError,
  lastCode: breaker.lastCode,
});
