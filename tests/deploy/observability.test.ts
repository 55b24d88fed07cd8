/** Dashboards and alerts query existing metrics, each alert can be acted on, and each fires. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { AREAS } from '../../platform/agent/define-agent.ts';
import { addedCounters, metricNames } from '../../platform/telemetry/metrics.ts';
import { METRICS } from '../../platform/telemetry/table.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { EXPORTED } from './exported-metrics.ts';

// Metrics that their events declare.
await loadAgents();
const OURS = new Map<string, readonly string[]>([
  ...Object.entries(METRICS).map(([name, { labels }]) => [name, labels] as const),
  ...addedCounters().map(({ name, labels }) => [name, labels] as const),
]);
const LABELS = new Map([...OURS, ...Object.entries(EXPORTED)]);

const RULES = 'deploy/prometheus/rules/agora.yml';
const RULE_TESTS = 'deploy/prometheus/tests/agora.test.yml';
const DASHBOARDS = 'deploy/grafana/dashboards';

/** Labels that Prometheus itself adds, and those of histograms. */
const GIVEN_LABELS = ['job', 'instance', 'le'];

interface Alert {
  name: string;
  text: string;
  expression: string;
}

const alerts: Alert[] = readFileSync(RULES, 'utf8')
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((text) => ({
    name: text.slice(0, text.indexOf('\n')),
    text,
    expression: /expr: (?:>-\n)?([\s\S]*?)\n {8}(?:for|labels):/.exec(text)![1]!,
  }));

interface Dashboard {
  title: string;
  panels: { title: string; description: string; targets: { expr: string; legendFormat: string }[] }[];
}

const dashboards = readdirSync(DASHBOARDS).map(
  (file) => JSON.parse(readFileSync(`${DASHBOARDS}/${file}`, 'utf8')) as Dashboard,
);

const queries = [
  ...alerts.map(({ name, expression }) => [name, expression] as const),
  ...dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) => panel.targets.map(({ expr }) => [`${title}, ${panel.title}`, expr] as const)),
  ),
];

const known = new Set([...metricNames(), ...Object.keys(EXPORTED), 'up']);
const MEASURED = /\b(?:agora|nodejs|process|node|pg|alertmanager)_\w+|\bup\b/g;
const baseOf = (series: string): string => (known.has(series) ? series : series.replace(/_(bucket|sum|count)$/, ''));

/** The series that a query asks for, each with the labels that it selects by. */
const selectors = (query: string): { series: string; labels: string[] }[] =>
  [...query.matchAll(/\b((?:agora|nodejs|process|node|pg|alertmanager)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, series, inner]) => ({
      series: series!,
      labels: [...(inner ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
    }),
  );

describe('a query of a dashboard or an alert', () => {
  test.each(queries)('asks for existing metrics: %s', (_, query) => {
    const asked = query.match(MEASURED) ?? [];
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.map(baseOf).filter((name) => !known.has(name))).toEqual([]);
  });

  test.each(queries)('selects by existing labels: %s', (_, query) => {
    const own = selectors(query).filter(({ series }) => LABELS.has(baseOf(series)));
    const labelsOf = (series: string): readonly string[] => LABELS.get(baseOf(series))!;
    const strange = own.flatMap(({ series, labels }) =>
      labels.filter((label) => ![...GIVEN_LABELS, ...labelsOf(series)].includes(label)).map((label) => [series, label]),
    );
    expect(strange).toEqual([]);
    const grouped = [...query.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(/,\s*/));
    const all = [...GIVEN_LABELS, ...own.flatMap(({ series }) => labelsOf(series))];
    expect(grouped.filter((label) => own.length > 0 && !all.includes(label))).toEqual([]);
  });
});

test('the dashboards are the requested ones and those of areas, and every panel has a description', () => {
  const ofAreas = AREAS.map((area) => `Agora: ${area.charAt(0).toUpperCase()}${area.slice(1)}`);
  const titles = dashboards.map(({ title }) => title).toSorted();
  expect(titles.filter((title) => !ofAreas.includes(title))).toEqual([
    'Agora: Agent Performance',
    'Agora: Circuit Breaker Status',
    'Agora: Database and Machines',
    'Agora: Orders and Sagas',
    'Agora: Security Monitoring',
    'Agora: System Overview',
  ]);
  for (const { panels } of dashboards) for (const panel of panels) expect(panel.description).toMatch(/\w.*\.$/);
});

test('every metric, of the platform and of the rooms, is on a dashboard or in an alert', () => {
  const asked = new Set(queries.flatMap(([, query]) => query.match(MEASURED) ?? []).map(baseOf));
  expect([...OURS.keys()].filter((name) => !asked.has(name))).toEqual([]);
});

describe('an alert', () => {
  const runbook = readFileSync('docs/operations/alerts.md', 'utf8');
  const cases = readFileSync(RULE_TESTS, 'utf8');

  test.each(alerts.map((alert) => [alert.name, alert] as const))(
    'has a severity, a runbook and a test: %s',
    (name, alert) => {
      expect(alert.text).toMatch(/severity: (critical|warning|info)/);
      expect(alert.text).toContain(`runbook_url: docs/operations/alerts.md#${name.toLowerCase()}`);
      const section = new RegExp(`^### ${name}\\n([\\s\\S]*?)(?=^##|$(?![\\s\\S]))`, 'm').exec(runbook)?.[1] ?? '';
      for (const part of ['**Means**', '**Look**', '**Do**']) expect(section).toContain(part);
      expect(cases).toMatch(new RegExp(`alertname: ${name}\\n\\s+exp_alerts:\\n\\s+- exp_labels`));
    },
  );

  test('that does not exist has no runbook', () => {
    const told = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
  });
});

const promtool = spawnSync('promtool', ['--version']).status === 0;
if (!promtool) process.stderr.write('promtool is not installed (Debian: prometheus): the alerts are not tried.\n');

(promtool ? test : test.skip)('each alert fires on a made-up series, and not before', () => {
  const run = (...what: string[]): string => execFileSync('promtool', what, { encoding: 'utf8' });
  expect(run('check', 'rules', RULES)).toContain(`${alerts.length} rules found`);
  expect(run('test', 'rules', RULE_TESTS)).toContain('SUCCESS');
  expect(run('check', 'config', '--syntax-only', 'deploy/prometheus/prometheus.yml')).toContain('SUCCESS');
});
