/** Metrics that a host collects at each scrape. */
import type { Kysely } from 'kysely';
import { consumerLag } from './consumer-lag.ts';
import type { DatabaseMonitor } from './database-monitor.ts';
import type { AgentLifecycles } from './agent-lifecycles.ts';
import { byConnections } from './registry.ts';
import { walArchive } from './wal-archive.ts';
import { raw } from '../data/raw.ts';
import { agentOf } from '../projections/projection.ts';
import type { Breakers } from '../resilience/breakers.ts';
import { measureBreakers } from '../resilience/breaker-metrics.ts';
import type { Standby } from '../standby/standby.ts';
import { collectAtScrape, type Sample } from '../telemetry/collectors.ts';

/** Sources of a host's metrics. */
export interface HostFacts {
  kysely: Kysely<any>;
  kyselyFor?(agent: string): Kysely<any>;
  agents: readonly string[];
  lifecycles: AgentLifecycles;
  breakers: Breakers;
  monitor: DatabaseMonitor;
  /** Event types that each consumer of this host handles. */
  handled: ReadonlyMap<string, readonly string[]>;
  standbyFor?(agent: string): { standby: Standby } | undefined;
}

/** Cache time of figures from the database, in milliseconds: several scrapers cost it no more than one. */
const FRESH_MS = 5000;

/** Has this host's state collected at every scrape. Returns a function that ends it. */
export function measureHost(facts: HostFacts): () => void {
  const ends = [
    measureBreakers(facts.breakers),
    collectAtScrape({
      name: 'agents',
      gauges: ['agora_agent_status', 'agora_agent_degradation'],
      collect: () => agentSamples(facts),
    }),
    collectAtScrape({
      name: 'database',
      gauges: ['agora_database_up', 'agora_database_latency_seconds', 'agora_pool_connections'],
      collect: () => databaseSamples(facts.monitor),
    }),
    collectAtScrape({
      name: 'standbys',
      gauges: ['agora_standby_up', 'agora_standby_lag_seconds'],
      collect: () => standbySamples(facts),
    }),
    collectAtScrape({
      name: 'wal archive',
      gauges: ['agora_wal_archive_up', 'agora_wal_archive_age_seconds'],
      freshMs: FRESH_MS,
      collect: () => archiveSamples(facts.kysely),
    }),
    collectAtScrape({
      name: 'consumers',
      gauges: ['agora_consumer_lag_events', 'agora_consumer_lag_seconds', 'agora_consumer_parked_events'],
      freshMs: FRESH_MS,
      collect: () => consumerSamples(facts),
    }),
  ];
  return () => ends.forEach((end) => end());
}

const agentSamples = ({ agents, lifecycles }: HostFacts): Sample[] =>
  agents.flatMap((agent): Sample[] => {
    const { status, degradation } = lifecycles.of(agent).now;
    return [
      { name: 'agora_agent_status', labels: { agent, status }, value: 1 },
      { name: 'agora_agent_degradation', labels: { agent }, value: degradation },
    ];
  });

function databaseSamples(monitor: DatabaseMonitor): Sample[] {
  const { status, latencyMs } = monitor.state;
  const { total, idle, waiting } = monitor.pool();
  const pool = { idle, busy: total - idle, waiting };
  return [
    { name: 'agora_database_up', labels: {}, value: { UP: 1, READ_ONLY: 0.5, DOWN: 0 }[status] },
    ...(latencyMs === null
      ? []
      : [{ name: 'agora_database_latency_seconds' as const, labels: {}, value: latencyMs / 1000 }]),
    ...Object.entries(pool).map(
      ([state, value]): Sample => ({
        name: 'agora_pool_connections',
        labels: { state },
        value,
      }),
    ),
  ];
}

const standbySamples = ({ agents, standbyFor }: HostFacts): Sample[] =>
  agents.flatMap((agent): Sample[] => {
    const { standby } = standbyFor?.(agent) ?? {};
    if (!standby) return [];
    const up: Sample = { name: 'agora_standby_up', labels: { agent }, value: standby.isUsable ? 1 : 0 };
    const { lagMs } = standby;
    return lagMs === undefined
      ? [up]
      : [up, { name: 'agora_standby_lag_seconds', labels: { agent }, value: lagMs / 1000 }];
  });

async function archiveSamples(kysely: Kysely<any>): Promise<Sample[]> {
  const archive = await walArchive(kysely);
  if (!archive) return [];
  return [
    { name: 'agora_wal_archive_up', labels: {}, value: archive.isFailing ? 0 : 1 },
    { name: 'agora_wal_archive_age_seconds', labels: {}, value: archive.seconds },
  ];
}

async function consumerSamples(facts: HostFacts): Promise<Sample[]> {
  const all = [...byConnections(facts, facts.handled, ([consumer]) => agentOf(consumer))];
  return (await Promise.all(all.map(([kysely, some]) => samplesOf(kysely, new Map(some))))).flat();
}

async function samplesOf(kysely: Kysely<any>, handled: HostFacts['handled']): Promise<Sample[]> {
  const [lag, parked] = await Promise.all([consumerLag(kysely, handled), parkedEvents(kysely, [...handled.keys()])]);
  return [
    ...lag.flatMap(({ agent: consumer, behind, oldestAt }): Sample[] => [
      { name: 'agora_consumer_lag_events', labels: { consumer }, value: behind },
      { name: 'agora_consumer_lag_seconds', labels: { consumer }, value: secondsSince(oldestAt) },
    ]),
    ...parked.map(
      ({ consumer, state, count }): Sample => ({
        name: 'agora_consumer_parked_events',
        labels: { consumer, state: state.toLowerCase() },
        value: Number(count),
      }),
    ),
  ];
}

const secondsSince = (at: string | null): number => (at ? Math.max(0, (Date.now() - Date.parse(at)) / 1000) : 0);

/** Counts parked events, zeros as well, so that an alert on a rise sees where it rose from. */
async function parkedEvents(kysely: Kysely<any>, consumers: readonly string[]) {
  const { rows } = await raw<{ consumer: string; state: string; count: bigint }>(
    kysely,
    `select c.consumer, s.state, count(p.consumer) as count
       from unnest($1::text[]) c(consumer) cross join (values ('WAITING'), ('DEAD')) s(state)
       left join platform.parked_event p on p.consumer = c.consumer and p.state = s.state
      group by c.consumer, s.state`,
    [consumers],
  );
  return rows;
}
