import type { Board } from './grafana.ts';

/** Dashboard of the circuit breakers: which are open, and for how long. */
export const circuitBreakers: Board = {
  uid: 'agora-circuit-breakers',
  title: 'Circuit Breaker Status',
  description: 'The circuit breakers between agents and their dependencies.',
  panels: [
    {
      title: 'Open now',
      as: 'stat',
      width: 6,
      limits: [1, 3],
      says: 'Circuits through which nothing goes.',
      shows: [['count(agora_breaker_state == 2) or vector(0)', 'open']],
    },
    {
      title: 'States',
      as: 'state',
      width: 18,
      limits: [1, 2],
      says: '0 closed, 1 half open, 2 open; `*` is what all agents of a process share.',
      shows: [['max by (agent, dependency) (agora_breaker_state)', '{{agent}} → {{dependency}}']],
    },
    {
      title: 'Openings',
      width: 12,
      says: 'How often a circuit opened. A pattern by dependency names the faulty dependency, one by agent the faulty caller.',
      shows: [
        [
          'sum by (agent, dependency) (increase(agora_breaker_changes_total{state="OPEN"}[$__rate_interval]))',
          '{{agent}} → {{dependency}}',
        ],
      ],
    },
    {
      title: 'Probes and recoveries',
      width: 12,
      says: 'A circuit that is probed again and again and never closes has a lasting fault.',
      shows: [
        [
          'sum by (dependency, state) (increase(agora_breaker_changes_total{state!="OPEN"}[$__rate_interval]))',
          '{{dependency}} {{state}}',
        ],
      ],
    },
  ],
};
