import { type Board, type Panel, quantile, rate } from './grafana.ts';

/** Dashboard of the business, and of the sagas that carry it out. @param business panels of the agents that sagas ask */
export const ordersAndSagas = (business: readonly Panel[]): Board => ({
  uid: 'agora-orders-and-sagas',
  title: 'Orders and Sagas',
  description: 'What the agents that sagas ask have counted, such as orders and payments; and the sagas, step by step.',
  panels: [
    {
      title: 'Sagas unfinished',
      as: 'stat',
      width: 8,
      says: 'Queued and running.',
      shows: [['sum by (state) (max by (saga, state) (agora_sagas_unfinished))', '{{state}}']],
    },
    {
      title: 'Sagas stuck',
      as: 'stat',
      width: 8,
      limits: [1, 1],
      says: 'Steps that have failed ten times or more.',
      shows: [['count(max by (saga, step) (agora_saga_step_failed_attempts) >= 10) or vector(0)', 'stuck']],
    },
    {
      title: 'Compensated',
      as: 'stat',
      width: 8,
      unit: 'percentunit',
      says: 'Share of the sagas that ended in the last hour.',
      shows: [
        [
          'sum(increase(agora_sagas_ended_total{outcome="compensated"}[1h])) / sum(increase(agora_sagas_ended_total[1h]))',
          'compensated',
        ],
      ],
    },
    ...business,
    {
      title: 'Sagas that ended',
      unit: 'ops',
      says: 'Sagas by how they ended.',
      shows: [[`sum by (saga, outcome) (${rate('agora_sagas_ended_total')})`, '{{saga}} {{outcome}}']],
    },
    {
      title: 'Sagas unfinished, by state',
      says: 'A queue that grows lacks workers.',
      shows: [['max by (saga, state) (agora_sagas_unfinished)', '{{saga}} {{state}}']],
    },
    {
      title: 'Steps, p95',
      unit: 's',
      says: 'Retries included.',
      shows: [[quantile(0.95, 'agora_saga_step_duration_seconds_bucket', 'saga, step'), '{{saga}} {{step}}']],
    },
    {
      title: 'Steps by outcome',
      unit: 'ops',
      says: 'Refused ones lead to undoing; failed attempts are tried again.',
      shows: [[`sum by (step, outcome) (${rate('agora_saga_steps_total{outcome!="done"}')})`, '{{step}} {{outcome}}']],
    },
    {
      title: 'Steps being tried again',
      says: 'In hand of a worker, or parked until the next attempt.',
      shows: [
        ['sum by (saga, step) (agora_saga_steps_failing)', '{{saga}} {{step}} in hand'],
        ['max by (saga, step) (agora_saga_steps_parked)', '{{saga}} {{step}} parked'],
      ],
    },
    {
      title: 'Failed attempts of the worst step',
      says: 'From 10 on its saga is stuck and waits for an operator.',
      limits: [5, 10],
      shows: [['max by (saga, step) (agora_saga_step_failed_attempts)', '{{saga}} {{step}}']],
    },
    {
      title: 'Keys of sagas, back to',
      unit: 's',
      says: 'How old the oldest saga is that has not ended: the idempotency keys of all steps since then are kept.',
      shows: [['max(agora_saga_horizon_age_seconds)', 'oldest']],
    },
  ],
});
