import { type Board, quantile, rate } from './grafana.ts';

/** Dashboard of each agent's performance. */
export const agentPerformance: Board = {
  uid: 'agora-agent-performance',
  title: 'Agent Performance',
  description: 'Requests to each agent, its latency, and its lag behind the event log.',
  panels: [
    {
      title: 'Requests',
      unit: 'reqps',
      says: "To each agent's subgraph, from the gateway and from other agents.",
      shows: [[`sum by (agent) (${rate('agora_agent_requests_total')})`, '{{agent}}']],
    },
    {
      title: 'Latency, p95',
      unit: 's',
      says: "Of each agent's subgraph.",
      shows: [[quantile(0.95, 'agora_agent_request_duration_seconds_bucket', 'agent'), '{{agent}}']],
    },
    {
      title: 'Failed requests',
      unit: 'reqps',
      says: 'With an error that is ours.',
      shows: [[`sum by (agent) (${rate('agora_agent_requests_total{outcome="failed"}')})`, '{{agent}}']],
    },
    {
      title: 'Errors in answers',
      unit: 'ops',
      says: 'As clients got them, by the agent whose field it was.',
      shows: [[`sum by (agent, code) (${rate('agora_graphql_errors_total')})`, '{{agent}} {{code}}']],
    },
    {
      title: 'Commands between agents',
      unit: 'reqps',
      says: 'Of sagas and of other agents.',
      shows: [[`sum by (agent) (${rate('agora_agent_requests_total{caller="agent"}')})`, '{{agent}}']],
    },
    {
      title: 'Faults',
      says: 'That count against an agent; the log has each under `an agent has a fault`.',
      shows: [[`sum by (agent) (increase(agora_agent_faults_total[$__rate_interval]))`, '{{agent}}']],
    },
    {
      title: 'State',
      as: 'state',
      width: 12,
      says: 'Processes in which an agent is in a state of its life.',
      shows: [['sum by (agent, status) (agora_agent_status)', '{{agent}} {{status}}']],
    },
    {
      title: 'Degradation',
      as: 'state',
      width: 12,
      limits: [2, 3],
      says: '0 full, 2 no messaging, 3 read only, 4 failed.',
      shows: [['max by (agent) (agora_agent_degradation)', '{{agent}}']],
    },
    {
      title: 'Events applied',
      unit: 'ops',
      says: 'By each consumer.',
      shows: [[`sum by (consumer) (${rate('agora_consumer_events_total{outcome="applied"}')})`, '{{consumer}}']],
    },
    {
      title: 'Consumer lag',
      says: 'Events that wait, 1000 at most.',
      shows: [['max by (consumer) (agora_consumer_lag_events)', '{{consumer}}']],
    },
    {
      title: 'Age of the oldest waiting event',
      unit: 's',
      says: 'Of each consumer.',
      shows: [['max by (consumer) (agora_consumer_lag_seconds)', '{{consumer}}']],
    },
    {
      title: 'Set aside and tried again',
      unit: 'ops',
      says: 'Events whose handler failed.',
      shows: [
        [
          `sum by (consumer, outcome) (${rate('agora_consumer_events_total{outcome!="applied"}')})`,
          '{{consumer}} {{outcome}}',
        ],
      ],
    },
    {
      title: 'Dead letters',
      says: 'Events that wait for an operator.',
      limits: [1, 10],
      shows: [['max by (consumer) (agora_consumer_parked_events{state="dead"})', '{{consumer}}']],
    },
    {
      title: 'Webhooks sent',
      unit: 'ops',
      says: 'Attempts, by outcome.',
      shows: [[`sum by (agent, outcome) (${rate('agora_outbound_attempts_total')})`, '{{agent}} {{outcome}}']],
    },
    {
      title: 'Webhooks overdue',
      unit: 's',
      says: 'How long the first one that is due has been waiting.',
      limits: [60, 120],
      shows: [['max by (agent) (agora_outbound_overdue_seconds)', '{{agent}}']],
    },
    {
      title: 'Webhooks waiting',
      says: 'Aggregates with webhooks that wait, each for each endpoint; 10,000 is that many or more.',
      shows: [['max by (agent) (agora_outbound_waiting_lanes)', '{{agent}}']],
    },
    {
      title: 'Webhook endpoints',
      says: 'Those that fail, and those that are disabled.',
      shows: [['max by (agent, state) (agora_outbound_endpoints{state!="healthy"})', '{{agent}} {{state}}']],
    },
    {
      title: 'Jobs under way',
      says: 'In all processes, by kind.',
      shows: [['sum by (agent, kind) (agora_jobs_running)', '{{agent}} {{kind}}']],
    },
    {
      title: 'Jobs that ended',
      says: 'By kind and state.',
      shows: [
        [
          'sum by (agent, kind, status) (increase(agora_jobs_total[$__rate_interval]))',
          '{{agent}} {{kind}} {{status}}',
        ],
      ],
    },
    {
      title: 'Transfers of files',
      unit: 'ops',
      says: 'Uploads and downloads at the gateway that ended, by outcome.',
      shows: [[`sum by (action, outcome) (${rate('agora_file_transfers_total')})`, '{{action}} {{outcome}}']],
    },
    {
      title: 'Bytes of files',
      unit: 'Bps',
      says: 'That the gateway took and gave.',
      shows: [[`sum by (action) (${rate('agora_file_bytes_total')})`, '{{action}}']],
    },
    {
      title: 'Scans of files',
      says: 'By verdict; FAILED where there was none.',
      shows: [['sum by (verdict) (increase(agora_file_scans_total[$__rate_interval]))', '{{verdict}}']],
    },
    {
      title: 'Files deleted',
      says: 'Because they had expired, or because no record named their content.',
      shows: [['sum by (why) (increase(agora_files_swept_total[$__rate_interval]))', '{{why}}']],
    },
    {
      title: 'Events published',
      unit: 'ops',
      says: 'By type.',
      shows: [[`sum by (type) (${rate('agora_events_published_total')})`, '{{type}}']],
    },
  ],
};
