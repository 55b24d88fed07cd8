/**
 * The table of the platform's metrics, with their labels and buckets. Business metrics are declared by the rooms, at
 * the events that they count (business-metrics.ts). A test checks dashboards, alerts and docs against both. Names
 * follow https://prometheus.io/docs/practices/naming/.
 *
 * Labels are bounded: names from the code (agents, steps, event types), codes, currencies, and operations as
 * `operation-label.ts` bounds them. Never an id, never a client's raw text.
 */

/** The declaration of a metric. */
export interface MetricDeclaration {
  kind: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  buckets?: readonly number[];
  /** Series of a counter that are zero from the start, so that an alert sees the first count as a rise. */
  series?: readonly Readonly<Record<string, string>>[];
}

/** Buckets in seconds. The goals are 0.1 and 0.2 for a request, and 5 for an order. */
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30];
const STEP_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300];

/** The metrics by name. */
export const METRICS = {
  // The front door.
  agora_http_requests_total: {
    kind: 'counter',
    help: 'Requests over HTTP, by the part of the server that answered.',
    labels: ['route', 'status'],
  },
  agora_graphql_operations_total: {
    kind: 'counter',
    help: "Operations that ended: ok, refused (every error is the client's to mend) or failed (one at least is ours).",
    labels: ['operation', 'kind', 'outcome'],
  },
  agora_graphql_operation_duration_seconds: {
    kind: 'histogram',
    help: 'How long queries and mutations took, and subscriptions to open.',
    labels: ['operation', 'kind'],
    buckets: REQUEST_SECONDS,
  },
  agora_graphql_errors_total: {
    kind: 'counter',
    help: "Errors in answers, by the agent whose field it was; `gateway` where it was none's.",
    labels: ['operation', 'agent', 'code'],
  },
  agora_graphql_rejected_total: {
    kind: 'counter',
    help: 'Requests that came to no execution: not parsed, not valid, too large.',
    labels: ['code'],
  },
  agora_graphql_subscriptions_open: { kind: 'gauge', help: 'Open subscriptions.', labels: ['operation'] },
  agora_graphql_subscription_events_total: {
    kind: 'counter',
    help: 'Events delivered to subscribers.',
    labels: ['operation'],
  },
  agora_file_transfers_total: {
    kind: 'counter',
    help: 'Uploads and downloads of files at the gateway that ended, by their outcome: OK, or the code of the refusal.',
    labels: ['action', 'outcome'],
  },
  agora_file_bytes_total: {
    kind: 'counter',
    help: 'Bytes of files that the gateway took (PUT) and gave (GET).',
    labels: ['action'],
  },
  agora_websockets_open: { kind: 'gauge', help: 'Open WebSockets.', labels: [] },
  agora_plan_cache_lookups_total: {
    kind: 'counter',
    help: 'Looks into the cache of query plans: a miss costs a planning.',
    labels: ['outcome'],
  },
  agora_plan_cache_plans: { kind: 'gauge', help: 'Query plans in the cache that was written last.', labels: [] },

  // Agents.
  agora_agent_requests_total: {
    kind: 'counter',
    help: "Requests that an agent's subgraph answered: ok, refused or failed, as for operations.",
    labels: ['agent', 'caller', 'outcome'],
  },
  agora_agent_request_duration_seconds: {
    kind: 'histogram',
    help: "How long an agent's subgraph took.",
    labels: ['agent', 'caller'],
    buckets: REQUEST_SECONDS,
  },
  agora_agent_status: {
    kind: 'gauge',
    help: '1 for the state of its life that an agent of this process is in.',
    labels: ['agent', 'status'],
  },
  agora_agent_degradation: {
    kind: 'gauge',
    help: 'How much of an agent does not work: 0 nothing, 2 no messaging, 3 read only, 4 failed.',
    labels: ['agent'],
  },
  agora_agent_faults_total: { kind: 'counter', help: 'Faults of an agent that count against it.', labels: ['agent'] },
  agora_breaker_state: {
    kind: 'gauge',
    help: 'Circuit breakers: 0 closed, 1 half open, 2 open.',
    labels: ['agent', 'dependency'],
  },
  agora_breaker_changes_total: {
    kind: 'counter',
    help: 'How often a circuit breaker went into a state.',
    labels: ['agent', 'dependency', 'state'],
  },
  agora_database_up: {
    kind: 'gauge',
    help: '1 while the database takes reads and writes, 0.5 while it takes reads alone, 0 while it is away.',
    labels: [],
  },
  agora_database_latency_seconds: { kind: 'gauge', help: 'Of the last probe that was answered.', labels: [] },
  agora_dependency_up: {
    kind: 'gauge',
    help: '1 while what connects this process to the others answers: redis, notify.',
    labels: ['dependency'],
  },
  agora_wal_archive_up: {
    kind: 'gauge',
    help: '1 while PostgreSQL archives its write-ahead log, 0 while it fails to; absent where it does not archive.',
    labels: [],
  },
  agora_wal_archive_age_seconds: {
    kind: 'gauge',
    help: 'Since PostgreSQL last archived a segment of its write-ahead log.',
    labels: [],
  },
  agora_backup_age_seconds: {
    kind: 'gauge',
    help: 'Since the last base backup of the embedded database in BACKUP_DIR was whole.',
    labels: [],
  },
  agora_standby_up: {
    kind: 'gauge',
    help: "1 while an agent's standby is read from, 0 while its reads all go to the primary.",
    labels: ['agent'],
  },
  agora_standby_lag_seconds: {
    kind: 'gauge',
    help: "How old what an agent's standby shows may be, at most.",
    labels: ['agent'],
  },
  agora_standby_reads_total: {
    kind: 'counter',
    help: 'Statements read for an agent that has a standby: there, since they may lag, or from the primary: since they must be fresh, the standby was away, or failed.',
    labels: ['agent', 'server', 'reason'],
  },
  agora_pool_connections: {
    kind: 'gauge',
    help: "The agents' pool: connections that are idle or busy, and calls that wait for one.",
    labels: ['state'],
  },

  // Events.
  agora_events_published_total: { kind: 'counter', help: 'Events that this process published.', labels: ['type'] },
  agora_consumer_events_total: {
    kind: 'counter',
    help: 'Events that a consumer applied, set aside, tried again (recovered or failed) or left as a dead letter.',
    labels: ['consumer', 'outcome'],
  },
  agora_consumer_lag_events: {
    kind: 'gauge',
    help: 'Events that a consumer has yet to handle; 1000 is that many or more.',
    labels: ['consumer'],
  },
  agora_consumer_lag_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest event that a consumer has yet to handle.',
    labels: ['consumer'],
  },
  agora_consumer_parked_events: {
    kind: 'gauge',
    help: 'Events set aside: waiting for another attempt, or dead and waiting for an operator.',
    labels: ['consumer', 'state'],
  },

  // Outbound webhooks.
  agora_outbound_attempts_total: {
    kind: 'counter',
    help: 'Attempts to deliver a webhook: delivered, retried, failed (given up) or gone (the receiver wants no more).',
    labels: ['agent', 'outcome'],
  },
  agora_outbound_overdue_seconds: {
    kind: 'gauge',
    help: 'How long the first webhook that is due has been waiting for its attempt. One whose endpoint is left alone is not due.',
    labels: ['agent'],
  },
  agora_outbound_waiting_lanes: {
    kind: 'gauge',
    help: 'Aggregates with webhooks that wait, each for each endpoint; 10000 is that many or more.',
    labels: ['agent'],
  },
  agora_outbound_endpoints: {
    kind: 'gauge',
    help: 'Endpoints by state: healthy, failing (no success since a failure) or disabled.',
    labels: ['agent', 'state'],
  },

  // Sagas.
  agora_saga_steps_total: {
    kind: 'counter',
    help: 'Steps of sagas: done, refused, skipped, or an attempt that failed.',
    labels: ['saga', 'step', 'outcome'],
  },
  agora_saga_step_duration_seconds: {
    kind: 'histogram',
    help: "From a step's first attempt in this process to its end, retries included.",
    labels: ['saga', 'step'],
    buckets: STEP_SECONDS,
  },
  agora_sagas_ended_total: { kind: 'counter', help: 'Sagas that ended.', labels: ['saga', 'outcome'] },
  agora_sagas_unfinished: {
    kind: 'gauge',
    help: 'Sagas that have not ended: queued, running, waiting (parked), or failed in the engine.',
    labels: ['saga', 'state'],
  },
  agora_saga_steps_failing: {
    kind: 'gauge',
    help: 'Steps that have failed and are tried again, which this process has in hand: summed over processes.',
    labels: ['saga', 'step'],
  },
  agora_saga_steps_parked: {
    kind: 'gauge',
    help: 'Steps that have failed and are parked until their next attempt: of the database, told by every process alike.',
    labels: ['saga', 'step'],
  },
  agora_saga_step_failed_attempts: {
    kind: 'gauge',
    help: 'Failed attempts of the step that has failed most often, in hand here or parked; from 10 on its saga is stuck.',
    labels: ['saga', 'step'],
  },
  agora_saga_horizon_age_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest saga that may still run, at least a day: since then the idempotency keys of steps are kept.',
    labels: [],
  },
  agora_saga_queue_age_seconds: {
    kind: 'gauge',
    help: 'How long the first saga of a queue has been waiting for a worker.',
    labels: ['queue'],
  },

  // Security.
  agora_sign_ins_total: {
    kind: 'counter',
    help: 'Sign-ins and renewals of sessions that were accepted or refused.',
    labels: ['method', 'outcome'],
    series: [
      { method: 'password', outcome: 'refused' },
      { method: 'provider', outcome: 'refused' },
      { method: 'refresh', outcome: 'refused' },
      { method: 'second_factor', outcome: 'refused' },
    ],
  },
  agora_tokens_verified_total: {
    kind: 'counter',
    help: 'Access tokens that were good, by the id of the key that they were signed with: a key without any is needed no more.',
    labels: ['key'],
  },
  agora_tokens_refused_total: {
    kind: 'counter',
    help: 'Access tokens that were not good: forged, expired, of an ended session.',
    labels: ['transport'],
    series: [{ transport: 'http' }, { transport: 'websocket' }],
  },
  agora_denials_total: {
    kind: 'counter',
    help: 'Selections that the gate denied.',
    labels: ['caller'],
    series: [{ caller: 'signed_in' }, { caller: 'anonymous' }],
  },
  agora_signatures_refused_total: {
    kind: 'counter',
    help: 'Signatures that did not hold: of events in the log, of requests between processes, of webhooks.',
    labels: ['what'],
    series: [{ what: 'event' }, { what: 'request' }, { what: 'webhook' }],
  },

  // The measuring itself.
  agora_collector_failures_total: {
    kind: 'counter',
    help: 'Scrapes that went without the figures of one collector, because it failed or took too long.',
    labels: ['collector'],
  },

  // Files and jobs.
  agora_file_scans_total: {
    kind: 'counter',
    help: 'Files that were scanned for viruses, by the verdict; FAILED where there was none.',
    labels: ['verdict'],
    series: [{ verdict: 'READY' }, { verdict: 'INFECTED' }, { verdict: 'FAILED' }],
  },
  agora_files_swept_total: {
    kind: 'counter',
    help: 'Files that were deleted because they had expired, and contents because no record named them.',
    labels: ['why'],
    series: [{ why: 'EXPIRED' }, { why: 'ORPHANED' }],
  },
  agora_jobs_total: {
    kind: 'counter',
    help: 'Jobs that ended, by kind and state.',
    labels: ['agent', 'kind', 'status'],
  },
  agora_jobs_running: { kind: 'gauge', help: 'Jobs that this process works on.', labels: ['agent', 'kind'] },
} as const satisfies Record<string, MetricDeclaration>;

/** A metric's name. */
export type MetricName = keyof typeof METRICS;

/** The names of one kind. */
export type NameOf<Kind extends MetricDeclaration['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/** A value for each label of a metric. */
export type LabelsOf<Name extends MetricName> = Record<(typeof METRICS)[Name]['labels'][number], string>;
