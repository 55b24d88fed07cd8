/** Panels for what rooms declare: the metrics that their events count, the events that they handle, the steps of sagas. */
import type { AgentDefinition } from '../../../platform/agent/define-agent.ts';
import { type SagaDefinition, stepsOf } from '../../../platform/sagas/define-saga.ts';
import { kindOf } from '../../../platform/sagas/enqueue.ts';
import type { BusinessMetric } from '../../../platform/telemetry/business-metrics.ts';
import { type Panel, rate } from './grafana.ts';

/** The part of an agent's definition that its panels are made of. */
export type ShownAgent = Pick<AgentDefinition, 'name' | 'area' | 'title' | 'emits' | 'handles'>;

/** A panel for each metric that an agent's events count. */
export const countedPanels = ({ emits }: Pick<ShownAgent, 'emits'>): Panel[] => {
  const metrics = emits.flatMap(({ counts = [] }) => counts.map(({ metric }) => metric));
  return [...new Map(metrics.map((metric) => [metric.name, metric])).values()].map(counted);
};

/** Amounts are shown by the hour, since nobody can read a rate by the second; all else as everywhere. */
function counted({ name, help, labels }: BusinessMetric): Panel {
  const isAmount = name.endsWith('_minor_total');
  const series = isAmount ? `increase(${name}[1h])` : rate(name);
  const title = name.replace(/^agora_(.*?)(_minor)?_total$/, '$1').replaceAll('_', ' ');
  return {
    title: title.charAt(0).toUpperCase() + title.slice(1),
    unit: isAmount ? 'short' : 'ops',
    says: `${help.replace(/\.$/, '')}${isAmount ? ', in an hour' : ''}.`,
    shows: [
      labels.length > 0
        ? [`sum by (${labels.join(', ')}) (${series})`, labels.map((label) => `{{${label}}}`).join(' ')]
        : [`sum(${series})`, title],
    ],
  };
}

/** A panel for the lag of an agent's consumer, where it has one. */
export const consumerPanels = ({ name, handles = [] }: Pick<ShownAgent, 'name' | 'handles'>): Panel[] =>
  handles.length === 0
    ? []
    : [
        {
          title: 'Events that wait',
          says: `To be handled (1000 at most), and those that wait for an operator: ${handles.join(', ')}.`,
          shows: [
            [`max(agora_consumer_lag_events{consumer="${name}"})`, 'waiting'],
            [`max(agora_consumer_parked_events{consumer="${name}",state="dead"})`, 'dead letters'],
          ],
        },
      ];

/** A panel for the steps that sagas ask of an agent, each with its undo. Versions of a saga are counted as one. */
export function sagaPanels({ name: agent }: Pick<ShownAgent, 'name'>, sagas: readonly SagaDefinition[]): Panel[] {
  const kinds = Map.groupBy(sagas, ({ name }) => kindOf(name));
  const shows = [...kinds].flatMap(([kind, versions]): Panel['shows'] => {
    const steps = versions
      .flatMap((saga) => [...stepsOf(saga), ...(saga.whenRefused ? [saga.whenRefused] : [])])
      .filter((step) => step.agent === agent);
    if (steps.length === 0) return [];
    const ofStep = `step=~"(undo )?(${[...new Set(steps.map((step) => step.name))].join('|')})"`;
    const series = rate(`agora_saga_steps_total{saga="${kind}",${ofStep}}`);
    return [[`sum by (saga, step, outcome) (${series})`, '{{saga}} {{step}} {{outcome}}']];
  });
  const says = 'By outcome. Refused ones lead to undoing; failed attempts are tried again.';
  return shows.length === 0 ? [] : [{ title: 'Steps of sagas', unit: 'ops', says, shows }];
}

/** The agents that sagas ask. */
export const askedBySagas = <Agent extends Pick<ShownAgent, 'name'>>(
  agents: readonly Agent[],
  sagas: readonly SagaDefinition[],
): Agent[] => agents.filter(({ name }) => sagas.some((saga) => stepsOf(saga).some((step) => step.agent === name)));
