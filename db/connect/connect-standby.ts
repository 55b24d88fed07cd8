import type { Kysely } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { kyselyOver } from '../kysely.ts';
import { createPool, type PoolOptions } from '../pool.ts';
import type { AgentDefinition } from '../../platform/agent/define-agent.ts';
import type { SharedDependency } from '../../platform/agent/health.ts';
import type { Config } from '../../platform/config/config.ts';
import { Fault } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import {
  PRIMARY_PROBE,
  Standby,
  STANDBY_LIMITS,
  STANDBY_PROBE,
  type StandbyLimits,
} from '../../platform/standby/standby.ts';
import type { Place } from '../../platform/standby/replay-lag.ts';
import { replicaAddress } from './direct-address.ts';
import type { Endings } from '../../platform/endings.ts';

/** The standby as a host is given it. */
export interface ConnectedStandby {
  standbyFor(agent: string): { standby: Standby; kysely: Kysely<any> } | undefined;
  dependencies: readonly SharedDependency[];
}

/**
 * Connects agents whose reads may lag to the standby that DATABASE_REPLICA_URL names, if it does, and checks its lag
 * from now on. A standby that cannot be reached is waited for and never fatal.
 * @param addressOf an agent's address on the primary
 */
export async function connectStandby(
  agents: readonly Pick<AgentDefinition, 'name' | 'readsMayLag'>[],
  addressOf: (agent: string) => string,
  {
    config,
    log,
    endings,
    limits = STANDBY_LIMITS,
  }: { config: Config; log: Logger; endings: Endings; limits?: StandbyLimits },
): Promise<ConnectedStandby> {
  const { DATABASE_REPLICA_URL } = config;
  const readers = DATABASE_REPLICA_URL ? agents.filter(({ readsMayLag }) => readsMayLag) : [];
  const connected = new Map<string, { standby: Standby; kysely: Kysely<any> }>();
  const dependencies: SharedDependency[] = [];
  for (const [primary, some] of Map.groupBy(readers, ({ name }) => addressOf(name))) {
    const max = primary === config.DATABASE_URL ? config.DATABASE_POOL : config.DATABASE_POOL_AGENT;
    const replica = replicaAddress(primary, { ...config, DATABASE_REPLICA_URL: DATABASE_REPLICA_URL! });
    const prepare = config.DATABASE_PREPARE === 'true';
    const names = some.map(({ name }) => name);
    const own = log.child({ agents: names });
    const { standby, reads, close } = open({ primary, replica, max, prepare, log: own, limits });
    await endings.add(close);
    for (const name of names) connected.set(name, { standby, kysely: kyselyOver(reads) });
    dependencies.push({
      agents: names,
      get health() {
        return standby.health;
      },
      onChange: (listener) => standby.onChange(listener),
    });
  }
  return { standbyFor: (agent) => connected.get(agent), dependencies };
}

interface OpenOptions extends Pick<PoolOptions, 'max' | 'prepare'> {
  primary: string;
  replica: string;
  log: Logger;
  limits: StandbyLimits;
}

function open({ primary, replica, log, max, prepare, limits }: OpenOptions) {
  // A read waits no longer for a connection either: the primary has connections too.
  const common = { connectTimeout: limits.patienceMs, prepare };
  const reads = createPool({ ...common, url: replica, max, name: 'agora reads' });
  const looks = createPool({ ...common, url: replica, max: 1, name: 'agora standby' });
  const primaryLooks = createPool({ ...common, url: primary, max: 1, name: 'agora standby' });
  const cuts = { standby: [reads, looks].map(cutter), primary: [cutter(primaryLooks)] };
  const probe = {
    primary: async () => placeIn(await primaryLooks.query<Row>(PRIMARY_PROBE)) ?? noPrimary(),
    standby: async () => placeIn(await looks.query<Row>(STANDBY_PROBE)) ?? null,
    cut: (server: keyof typeof cuts) => cuts[server].forEach((cut) => cut()),
  };
  const standby = new Standby(probe, log, limits);
  const ending = new AbortController();
  const running = standby.run(ending.signal);
  const close = async (): Promise<void> => {
    ending.abort();
    await running;
    await Promise.all([reads, looks, primaryLooks].map((pool) => pool.end()));
  };
  return { standby, reads, close };
}

interface Row {
  position: string;
  system: bigint;
}

const placeIn = ({ rows: [row] }: { rows: Row[] }): Place | undefined =>
  row && { system: row.system.toString(), position: BigInt(row.position) };

function noPrimary(): never {
  throw new Fault('NO_PRIMARY', 'The primary does not tell where it is.');
}

/** Closes a pool's connections at once, whatever waits on them: a server that hangs would keep it waiting. */
function cutter(pool: Pool): () => void {
  const open = new Set<PoolClient>();
  pool.on('connect', (client) => open.add(client));
  pool.on('remove', (client) => open.delete(client));
  return () => {
    for (const client of open) (client as unknown as Wired).connection.stream.destroy();
  };
}

/** Properties of a pg client that pg does not declare. */
interface Wired {
  connection: { stream: { destroy(): void } };
}
