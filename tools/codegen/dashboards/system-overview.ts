import { type Board, quantile, rate } from './grafana.ts';

/** Dashboard of the whole system. */
export const systemOverview: Board = {
  uid: 'agora-system-overview',
  title: 'System Overview',
  description: 'Whether Agora serves, how fast, with how many errors, and what it stands on.',
  panels: [
    {
      title: 'Processes up',
      as: 'stat',
      width: 4,
      says: 'Gateways and agents that answer the scrape.',
      shows: [['sum(up{job=~"agora-.+"})', 'up']],
    },
    {
      title: 'Database',
      as: 'state',
      width: 8,
      says: '1 up, 0.5 reads alone, 0 away; the worst of all processes.',
      shows: [['min(agora_database_up)', 'database']],
    },
    {
      title: 'Worst degradation',
      as: 'stat',
      width: 4,
      limits: [2, 3],
      says: '0 full, 2 no messaging, 3 read only, 4 failed.',
      shows: [['max(agora_agent_degradation)', 'level']],
    },
    {
      title: 'Operations failed',
      as: 'stat',
      width: 4,
      unit: 'percentunit',
      limits: [0.001, 0.05],
      says: 'Share of operations with an error of ours. The goal is below 0.1 %.',
      shows: [
        [
          `sum(${rate('agora_graphql_operations_total{outcome="failed"}')}) / sum(${rate('agora_graphql_operations_total')})`,
          'failed',
        ],
      ],
    },
    {
      title: 'Open WebSockets',
      as: 'stat',
      width: 4,
      says: 'Of all gateways.',
      shows: [['sum(agora_websockets_open)', 'open']],
    },
    {
      title: 'Operations',
      unit: 'ops',
      says: "How they ended. `refused` is the clients' to mend.",
      shows: [[`sum by (outcome) (${rate('agora_graphql_operations_total')})`, '{{outcome}}']],
    },
    {
      title: 'Latency',
      unit: 's',
      says: 'Of queries and mutations. The goal for p95 is 0.2 s.',
      shows: [
        [quantile(0.5, 'agora_graphql_operation_duration_seconds_bucket{kind!="subscription"}'), 'p50'],
        [quantile(0.95, 'agora_graphql_operation_duration_seconds_bucket{kind!="subscription"}'), 'p95'],
        [quantile(0.99, 'agora_graphql_operation_duration_seconds_bucket{kind!="subscription"}'), 'p99'],
      ],
    },
    {
      title: 'Slowest operations, p95',
      unit: 's',
      says: 'By the name that the client gave.',
      shows: [
        [
          `topk(8, ${quantile(0.95, 'agora_graphql_operation_duration_seconds_bucket{kind!="subscription"}', 'operation')})`,
          '{{operation}}',
        ],
      ],
    },
    {
      title: 'HTTP',
      unit: 'reqps',
      says: 'By route and status.',
      shows: [[`sum by (route, status) (${rate('agora_http_requests_total')})`, '{{route}} {{status}}']],
    },
    {
      title: 'Subscriptions',
      says: 'Open now.',
      shows: [['sum by (operation) (agora_graphql_subscriptions_open)', '{{operation}}']],
    },
    {
      title: 'Events to subscribers',
      unit: 'ops',
      says: 'Delivered.',
      shows: [[`sum(${rate('agora_graphql_subscription_events_total')})`, 'events']],
    },
    {
      title: 'Plan cache',
      unit: 'percentunit',
      says: 'Share of operations whose plan was known. A miss costs a planning.',
      shows: [
        [
          `sum(${rate('agora_plan_cache_lookups_total{outcome="hit"}')}) / sum(${rate('agora_plan_cache_lookups_total')})`,
          'hits',
        ],
      ],
    },
    { title: 'Plans kept', says: 'In the cache of each gateway.', shows: [['agora_plan_cache_plans', '{{instance}}']] },
    {
      title: 'Not executed',
      unit: 'ops',
      says: 'Requests that were not parsed, not valid or too large.',
      shows: [[`sum by (code) (${rate('agora_graphql_rejected_total')})`, '{{code}}']],
    },
    {
      title: 'Event loop lag, p99',
      unit: 's',
      says: 'How late a process gets to what is due. Above 0.2 s it is overloaded.',
      shows: [['nodejs_eventloop_lag_p99_seconds', '{{instance}}']],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      says: 'Resident, of each process.',
      shows: [['process_resident_memory_bytes', '{{instance}}']],
    },
    {
      title: 'CPU',
      unit: 'percentunit',
      says: 'Cores in use.',
      shows: [[rate('process_cpu_seconds_total'), '{{instance}}']],
    },
    {
      title: 'Connections to PostgreSQL',
      says: "Of the agents' pools. Calls that wait mean that the pool is too small, or its work too slow.",
      shows: [['sum by (instance, state) (agora_pool_connections)', '{{instance}} {{state}}']],
    },
    {
      title: 'How old the standby is',
      unit: 's',
      says: 'At most, of what it shows. From five seconds on it is not read from.',
      shows: [['max by (instance, agent) (agora_standby_lag_seconds)', '{{instance}} {{agent}}']],
    },
    {
      title: 'Reads that have a standby',
      says: 'Statements a second by where they were read: from the primary since they must be fresh, or since the standby was away or failed.',
      shows: [[`sum by (server, reason) (${rate('agora_standby_reads_total')})`, '{{server}} {{reason}}']],
    },
    {
      title: 'Archive of the write-ahead log',
      says: '1 while PostgreSQL archives it, 0 while it fails to; absent where it does not archive.',
      shows: [['min(agora_wal_archive_up)', 'archived']],
    },
    {
      title: 'Age of the backups',
      unit: 's',
      says: 'Since the last segment of the log was archived, and since the last base backup of the embedded database.',
      shows: [
        ['min(agora_wal_archive_age_seconds)', 'log'],
        ['min(agora_backup_age_seconds)', 'base backup'],
      ],
    },
    {
      title: 'Redis and NOTIFY',
      says: 'What connects processes: 1 while it answers.',
      shows: [['min by (dependency) (agora_dependency_up)', '{{dependency}}']],
    },
    {
      title: "PostgreSQL's answer",
      unit: 's',
      says: 'Of one short statement, on a connection of its own.',
      shows: [['agora_database_latency_seconds', '{{instance}}']],
    },
    {
      title: 'Figures missing',
      says: 'Scrapes without the figures of a collector: it failed or took too long.',
      shows: [[`sum by (collector) (increase(agora_collector_failures_total[$__rate_interval]))`, '{{collector}}']],
    },
  ],
};
