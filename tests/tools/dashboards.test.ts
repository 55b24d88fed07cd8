/** A room's panels come of what it declares: nothing but the room is written for them. */
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { on } from '../../platform/consumers/handler.ts';
import { type Area, defineAgent } from '../../platform/agent/define-agent.ts';
import { defineEvent } from '../../platform/events/define-event.ts';
import { defineSaga } from '../../platform/sagas/define-saga.ts';
import { businessMetric } from '../../platform/telemetry/business-metrics.ts';
import { dashboardsFor } from '../../tools/codegen/dashboards.ts';

const payload = z.object({ level: z.string(), currency: z.string(), minor: z.string() });
const alerts = businessMetric('agora_test_alerts_raised_total', 'Alerts that were raised.', ['level']);
const loss = businessMetric('agora_test_loss_minor_total', 'Losses, in minor units of their currency.', ['currency']);
const raised = defineEvent('test.alert_raised', {
  aggregate: 'test',
  description: '.',
  payload,
  counts: [
    { metric: alerts, labels: ({ level }) => ({ level }) },
    { metric: loss, labels: ({ currency }) => ({ currency }), by: ({ minor }) => Number(minor) },
  ],
});
const ended = defineEvent('test.alert_ended', {
  aggregate: 'test',
  description: '.',
  payload,
  counts: [{ metric: alerts, labels: ({ level }) => ({ level }) }],
});

const agent = (name: string, area: Area, parts: object = {}) =>
  defineAgent({
    name,
    area,
    title: name.toUpperCase(),
    description: '.',
    skills: [],
    at: import.meta.url,
    entities: [],
    emits: [],
    build: () => ({ resolvers: {} }),
    ...parts,
  });
const step = (name: string, asked: string) => ({ name, agent: asked, does: '.', run: async () => {} });
const saga = defineSaga({
  name: 'screen',
  description: '.',
  steps: [step('look', 'risk'), { name: 'at once', branches: [step('judge', 'risk'), step('tell', 'mail')] }],
  whenRefused: step('close', 'risk'),
});

interface Shown {
  title: string;
  description: string;
  targets: { expr: string }[];
}
const panelsOf = (uid: string, agents: Parameters<typeof dashboardsFor>[0]): Shown[] | undefined => {
  const { text } = dashboardsFor(agents, [saga]).find(({ path }) => path.endsWith(`/${uid}.json`))!;
  return text === undefined ? undefined : (JSON.parse(text) as { panels: Shown[] }).panels;
};
const handlers = [on('order.placed', payload, async () => {}), on('order.status_changed', payload, async () => {})];
const room = agent('risk', 'trust', { emits: [raised, ended], handlers });

test('what an event counts is a panel on the dashboard of its area, amounts by the hour', () => {
  const [raised, losses] = panelsOf('agora-area-trust', [room])!;
  expect(raised).toMatchObject({ title: 'RISK: Test alerts raised', description: 'Alerts that were raised.' });
  expect(raised!.targets.map(({ expr }) => expr)).toEqual([
    'sum by (level) (rate(agora_test_alerts_raised_total[$__rate_interval]))',
  ]);
  expect(losses).toMatchObject({ description: 'Losses, in minor units of their currency, in an hour.' });
  expect(losses!.targets.map(({ expr }) => expr)).toEqual([
    'sum by (currency) (increase(agora_test_loss_minor_total[1h]))',
  ]);
});

test('so is what it handles, and what sagas ask of it; a metric of two events is shown once', () => {
  const panels = panelsOf('agora-area-trust', [room])!;
  expect(panels.map(({ title }) => title)).toEqual([
    'RISK: Test alerts raised',
    'RISK: Test loss',
    'RISK: Events that wait',
    'RISK: Steps of sagas',
  ]);
  const [waiting, steps] = panels.slice(2);
  expect(waiting!.description).toContain('order.placed, order.status_changed.');
  expect(waiting!.targets[0]!.expr).toBe('max(agora_consumer_lag_events{consumer="risk"})');
  expect(steps!.targets.map(({ expr }) => expr)).toEqual([
    'sum by (saga, step, outcome) (rate(agora_saga_steps_total{saga="screen",step=~"(undo )?(look|judge|close)"}[$__rate_interval]))',
  ]);
});

test('an area without anything to show has no dashboard, and loses the one that it had', () => {
  expect(panelsOf('agora-area-trust', [agent('quiet', 'trust')])).toBeUndefined();
  expect(panelsOf('agora-area-service', [room])).toBeUndefined();
});

test('what the agents that sagas ask have counted stands beside the sagas', () => {
  const titles = (agents: Parameters<typeof dashboardsFor>[0]) =>
    panelsOf('agora-orders-and-sagas', agents)!.map(({ title }) => title);
  expect(titles([room])).toContain('Test alerts raised');
  expect(titles([agent('other', 'trust', { emits: [raised] })])).not.toContain('Test alerts raised');
});
