/** What an agent's endpoints are like, at each scrape. */
import { type Kysely, sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Sample } from '../telemetry/collectors.ts';
import type { OutboundTables } from './entities.ts';

/** The gauges that {@link outboundSamples} has. */
export const OUTBOUND_GAUGES = [
  'agora_outbound_overdue_seconds',
  'agora_outbound_waiting_lanes',
  'agora_outbound_endpoints',
] as const;

/** The most lanes that are counted. */
const MAX_COUNTED = 10_000;

/** Reads the gauges of one agent. */
export async function outboundSamples(
  agent: string,
  db: Kysely<OutboundTables>,
  clock: Clock,
): Promise<readonly Sample[]> {
  const now = clock.now();
  const enabled = db.selectFrom('outbound_endpoint').where('outbound_endpoint.status', '=', 'ENABLED');
  const [overdue, waiting, endpoints] = await Promise.all([
    // A claimed lane is due at the end of its lease, and a circuit that is open leaves the endpoint alone on purpose.
    enabled
      .innerJoin('outbound_lane', 'outbound_lane.endpointId', 'outbound_endpoint.id')
      .select(sql<Date | null>`min(greatest(outbound_lane.due_at, outbound_endpoint.resumes_at))`.as('since'))
      .executeTakeFirstOrThrow(),
    db
      .selectFrom(db.selectFrom('outbound_lane').select('endpointId').limit(MAX_COUNTED).as('some'))
      .select((eb) => eb.fn.countAll<bigint>().as('count'))
      .executeTakeFirstOrThrow(),
    db
      .selectFrom('outbound_endpoint')
      .where('status', '<>', 'DELETED')
      .select([
        sql<string>`case when status = 'DISABLED' then 'disabled' when failing_since is not null then 'failing' else 'healthy' end`.as(
          'state',
        ),
        (eb) => eb.fn.countAll<bigint>().as('count'),
      ])
      .groupBy('state')
      .execute(),
  ]);
  const { since } = overdue;
  const counts = new Map(endpoints.map(({ state, count }) => [state, Number(count)]));
  return [
    {
      name: 'agora_outbound_overdue_seconds',
      labels: { agent },
      value: since ? Math.max(0, (now.getTime() - new Date(since).getTime()) / 1000) : 0,
    },
    { name: 'agora_outbound_waiting_lanes', labels: { agent }, value: Number(waiting.count) },
    ...['healthy', 'failing', 'disabled'].map(
      (state): Sample => ({
        name: 'agora_outbound_endpoints',
        labels: { agent, state },
        value: counts.get(state) ?? 0,
      }),
    ),
  ];
}
