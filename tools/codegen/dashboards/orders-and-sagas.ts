import { type Board, quantile, rate } from './grafana.ts';

/** The business, and what carries it out. */
export const ordersAndSagas: Board = {
  uid: 'agora-orders-and-sagas',
  title: 'Orders and Sagas',
  description: 'Orders, revenue, payments and reservations; and the sagas behind them, step by step.',
  panels: [
    {
      title: 'Orders placed',
      unit: 'short',
      says: 'In the last hour.',
      as: 'stat',
      width: 6,
      shows: [['sum(increase(agora_orders_placed_total[1h]))', 'orders']],
    },
    {
      title: 'Sagas unfinished',
      as: 'stat',
      width: 6,
      says: 'Queued and running.',
      shows: [['sum by (state) (max by (saga, state) (agora_sagas_unfinished))', '{{state}}']],
    },
    {
      title: 'Sagas stuck',
      as: 'stat',
      width: 6,
      limits: [1, 1],
      says: 'Steps that have failed ten times or more.',
      shows: [['count(max by (saga, step) (agora_saga_step_failed_attempts) >= 10) or vector(0)', 'stuck']],
    },
    {
      title: 'Compensated',
      as: 'stat',
      width: 6,
      unit: 'percentunit',
      says: 'Share of the sagas that ended in the last hour.',
      shows: [
        [
          'sum(increase(agora_sagas_ended_total{outcome="compensated"}[1h])) / sum(increase(agora_sagas_ended_total[1h]))',
          'compensated',
        ],
      ],
    },
    {
      title: 'Orders by status',
      unit: 'ops',
      says: 'Orders that came into it.',
      shows: [[`sum by (status) (${rate('agora_order_changes_total')})`, '{{status}}']],
    },
    {
      title: 'Cancelled, by reason',
      unit: 'ops',
      says: 'Reasons of cancellations.',
      shows: [[`sum by (reason) (${rate('agora_order_changes_total{status="CANCELLED"}')})`, '{{reason}}']],
    },
    {
      title: 'Payments',
      unit: 'ops',
      says: 'Payments by outcome.',
      shows: [[`sum by (outcome) (${rate('agora_payments_total')})`, '{{outcome}}']],
    },
    {
      title: 'Order value',
      says: 'Minor units of each currency in an hour.',
      shows: [['sum by (currency) (increase(agora_order_value_minor_total[1h]))', '{{currency}}']],
    },
    {
      title: 'Revenue',
      says: 'Captured and refunded, in minor units of each currency in an hour.',
      shows: [
        ['sum by (currency) (increase(agora_revenue_captured_minor_total[1h]))', '{{currency}} captured'],
        ['sum by (currency) (increase(agora_revenue_refunded_minor_total[1h]))', '{{currency}} refunded'],
      ],
    },
    {
      title: 'Reservations',
      unit: 'ops',
      says: 'Of stock.',
      shows: [[`sum by (outcome) (${rate('agora_reservations_total')})`, '{{outcome}}']],
    },
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
};
