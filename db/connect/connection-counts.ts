/**
 * The numbers of connections to PostgreSQL: the most that a process opens, and the sum over the processes of an Agora. The
 * pools are made of these numbers, and the deployment files of the sum (tools/codegen/deployments.ts).
 */
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import { type Config, configSchema } from '../../platform/config/config.ts';

/** The sagas' engine polls and listens on connections of its own. */
export const SAGA_CONNECTIONS = 8;
/** One connection probes the database; the second is for reads while a probing write hangs. */
export const HEALTH_CONNECTIONS = 2;
/** A gateway reads the directory of agents, and nothing else. */
export const GATEWAY_CONNECTIONS = 2;
/** Where every agent has a role of its own, the reader of the log and the directory of processes share these. */
export const PLATFORM_CONNECTIONS = 8;
/** One is for a scheduled job that takes long or the filling of a projection, the other for the rest of an agent's jobs. */
export const OWN_SESSIONS = 2;
/** LISTEN takes a connection (platform/cluster/notify-link.ts). */
const NOTIFY_CONNECTIONS = 1;
/** A standby's lag is measured at the primary too, over a connection for each role that reads from it. */
const STANDBY_LOOKS = 1;
/** The reserve is for commands beside the processes, for people, for monitoring, and for PostgreSQL's own superusers. */
const RESERVE = 20;
/** PgBouncer is to keep so many for each role. */
export const POOLER_SIZE = 8;
/** Limits are set in steps, so that not every new room changes them. */
const STEP = 50;

/**
 * Connections for what outlives a transaction, of agents that share them: each scheduled job holds one while it runs.
 * Jobs are short, and their times are spread: one connection does for four agents.
 */
export const sharedSessions = (agents: number): number => Math.max(4, Math.ceil(agents / 4));

/** Processes that are alike. */
export interface ProcessKind {
  /** The agents that each of them runs, on a role of its own; none where it is a gateway. */
  agents: readonly Pick<AgentDefinition, 'name' | 'readsMayLag'>[];
  /** As many as there may ever be at a time, those included that are being replaced. */
  replicas: number;
}

/** Connections, by the way that they take where there is a PgBouncer. */
export interface ConnectionCount {
  /** Through it: for work within one transaction. */
  pooled: number;
  /** Past it, to PostgreSQL itself: for what outlives a transaction. */
  direct: number;
}

const DEFAULT_POOL = configSchema.shape.DATABASE_POOL_AGENT.parse(undefined);

/** The most connections that a process opens. */
export function connectionsOf(
  { agents }: Pick<ProcessKind, 'agents'>,
  { DATABASE_POOL_AGENT: own = DEFAULT_POOL }: Partial<Pick<Config, 'DATABASE_POOL_AGENT'>> = {},
): ConnectionCount {
  if (agents.length === 0) return { pooled: GATEWAY_CONNECTIONS, direct: 0 };
  const lagging = agents.filter(({ readsMayLag }) => readsMayLag).length;
  const sagas = agents.some(({ name }) => name === SAGAS) ? SAGA_CONNECTIONS : 0;
  return {
    pooled: agents.length * own + PLATFORM_CONNECTIONS + HEALTH_CONNECTIONS + lagging * STANDBY_LOOKS,
    direct: agents.length * OWN_SESSIONS + NOTIFY_CONNECTIONS + sagas,
  };
}

/** The agent that works the sagas. */
export const SAGAS = 'orchestration';

/** Limits for the servers that take the connections of an Agora. */
export interface ConnectionLimits {
  /** `max_connections` of a PostgreSQL that all go to. */
  maxConnections: number;
  /** Of a PgBouncer: `max_client_conn`; it keeps {@link POOLER_SIZE} for each role. */
  poolerClients: number;
  /** `max_connections` of a PostgreSQL behind it. */
  maxConnectionsBehindPooler: number;
}

/** The limits that leave room for everything that these processes may open, with a reserve. */
export function connectionLimits(
  processes: readonly ProcessKind[],
  config?: Partial<Pick<Config, 'DATABASE_POOL_AGENT'>>,
): ConnectionLimits {
  const all = { pooled: 0, direct: 0 };
  for (const { replicas, ...process } of processes) {
    const { pooled, direct } = connectionsOf(process, config);
    all.pooled += replicas * pooled;
    all.direct += replicas * direct;
  }
  // A role for each agent, and one for all gateways.
  const roles = new Set(processes.flatMap(({ agents }) => agents.map(({ name }) => name))).size + 1;
  return {
    maxConnections: inSteps(all.pooled + all.direct + RESERVE),
    poolerClients: inSteps(all.pooled + RESERVE),
    maxConnectionsBehindPooler: inSteps(roles * POOLER_SIZE + all.direct + RESERVE),
  };
}

const inSteps = (connections: number): number => Math.ceil(connections / STEP) * STEP;
