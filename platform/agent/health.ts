/** How agents are: what is written into the registry for the graph, and told over HTTP. */
import type { BreakerState } from '../resilience/guard.ts';
import type { AgentStatus } from './agent-events.ts';
import type { DatabaseState, DatabaseStatus } from './database-monitor.ts';

/** Something that an agent depends on. */
export interface DependencyHealth {
  /** `database`, `agent:inventory`, `payment provider`. */
  name: string;
  /** `UNKNOWN`: it was left alone for a while, and the next call will tell. */
  status: DatabaseStatus | 'UNKNOWN';
  /** Of the last probe or call that was answered. */
  latencyMs: number | null;
  breaker: BreakerState['state'] | null;
  /** For staff. */
  lastError: string | null;
  /** The same as a code, which anybody may see. */
  lastCode: string | null;
  pool?: { total: number; idle: number; waiting: number };
}

/** Something that agents of a process depend on, beside the database: it looks after itself. */
export interface SharedDependency {
  /** Only these agents depend on it, and lose nothing when it is away. @default all */
  readonly agents?: readonly string[];
  /** As it was last seen. */
  readonly health: DependencyHealth;
  /** Told when it is lost, and when it is there (again). */
  onChange(listener: () => void): void;
}

/** How one agent is. */
export interface AgentHealth {
  dependencies: DependencyHealth[];
  breakers: BreakerState[];
  /** Failures since its process began. */
  errors: number;
  lastError: { type: string; at: string } | null;
}

/** What a process tells of itself: `/health/detailed`. */
export interface ProcessHealth {
  status: 'ready' | 'not ready';
  /** Of the agent that is best off: what this process can still do. */
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

/** While nothing wakes the readers in other processes: commands work, events wait in the log, live updates poll. */
export const NO_MESSAGING = 2;

/** On another database than the configured one. */
export const ON_FALLBACK = 1;

/** From this level on a process is not ready: nobody can write. */
export const NOT_READY_FROM = 3;

/** How much works on a database in this state. */
export const levelOf = ({ status }: Pick<DatabaseState, 'status'>): number =>
  status === 'UP' ? 0 : status === 'READ_ONLY' ? NOT_READY_FROM : 4;

const STATUS_OF: Record<BreakerState['state'], DependencyHealth['status']> = {
  CLOSED: 'UP',
  OPEN: 'DOWN',
  HALF_OPEN: 'UNKNOWN',
};

/** What stands behind a breaker, as a dependency. */
export const dependencyOf = (breaker: BreakerState): DependencyHealth => ({
  name: breaker.name,
  status: STATUS_OF[breaker.state],
  latencyMs: breaker.latencyMs,
  breaker: breaker.state,
  lastError: breaker.lastError,
  lastCode: breaker.lastCode,
});
