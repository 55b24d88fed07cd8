/**
 * What watches Agora in compose and in Kubernetes: its manifests fit their kinds, what they name exists, traces find their
 * way, and alerts find those who are told.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { orSkip } from '../support/or-skip.ts';

const FOLDER = 'deploy/kubernetes/monitoring';
const ALERTMANAGER = 'deploy/alertmanager/alertmanager.yml';
const read = (path: string): string => readFileSync(path, 'utf8');

interface Manifest {
  file: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [part: string]: any;
}

const files = readdirSync(FOLDER).filter((file) => file !== 'kustomization.yaml');
const manifests: Manifest[] = files.flatMap((file) =>
  parseAllDocuments(read(join(FOLDER, file))).map((document) => ({ file, ...document.toJS() })),
);
const ofKind = (...kinds: string[]): Manifest[] => manifests.filter(({ kind }) => kinds.includes(kind));
const programs = ofKind('Deployment', 'StatefulSet', 'DaemonSet').map((one) => [one.metadata.name, one] as const);
const { resources } = parse(read(join(FOLDER, 'kustomization.yaml'))) as { resources: string[] };
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, any> };

/** The ConfigMaps that kustomize makes of the folders that it is given, each with its files' names in it. */
const configMaps = new Map(
  resources
    .filter((resource) => resource.startsWith('../..'))
    .flatMap((resource) => {
      const folder = join(FOLDER, resource);
      const { configMapGenerator } = parse(read(join(folder, 'kustomization.yaml'))) as {
        configMapGenerator: { name: string; namespace: string; files: string[] }[];
      };
      return configMapGenerator.map(({ name, namespace, files: listed }) => {
        const entries = listed.map((entry) => entry.split('='));
        const sources = entries.map(([first, second]) => join(folder, second ?? first!));
        const keys = entries.map(([first, second]) => (second ? first! : first!.split('/').at(-1)!));
        return [name, { namespace, sources, keys }] as const;
      });
    }),
);

test.each(manifests.map((one) => [`${one.kind} ${one.metadata.name} in ${one.file}`, one] as const))(
  '%s fits the schema of its kind, and says its namespace',
  async (_, { file: _file, ...manifest }) => {
    const { [manifest.kind]: Kind } = await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`);
    expect(() => new Kind(manifest).validate()).not.toThrow();
    const namespaces = ofKind('Namespace').map(({ metadata }) => metadata.name);
    if (manifest.kind !== 'Namespace') expect([...namespaces, 'agora']).toContain(manifest.metadata.namespace);
  },
);

test('kustomization lists every manifest but the example of the secrets', () => {
  const own = resources.filter((resource) => !resource.startsWith('..'));
  expect(own.toSorted()).toEqual(files.filter((file) => file !== 'secrets.example.yaml').toSorted());
});

test('configuration that becomes a ConfigMap exists, all dashboards among it', () => {
  for (const [name, { namespace, sources }] of configMaps) {
    expect(namespace).toBe('monitoring');
    for (const source of sources) expect([name, source, existsSync(source)]).toEqual([name, source, true]);
  }
  expect(configMaps.get('grafana-dashboards')!.keys.toSorted()).toEqual(
    readdirSync('deploy/grafana/dashboards').toSorted(),
  );
});

describe.each(programs)('%s', (_, { spec, metadata }) => {
  const { containers, volumes, ...pod } = spec.template.spec;
  const [container] = containers;

  test('runs unprivileged, within limits, and says when it is ready', () => {
    expect(pod.securityContext.runAsNonRoot).toBe(true);
    expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
    expect(Object.keys(container.resources.limits)).toEqual(['cpu', 'memory']);
    expect(container.readinessProbe).toBeTruthy();
  });

  test('mounts what exists: ConfigMaps, secrets, claims', () => {
    const claims = (spec.volumeClaimTemplates ?? []).map((claim: any) => claim.metadata.name);
    const declared = [...volumes.map((volume: any) => volume.name), ...claims];
    expect(declared.toSorted()).toEqual(container.volumeMounts.map((mount: any) => mount.name).toSorted());
    const secrets = ofKind('Secret').map((secret) => secret.metadata.name);
    for (const { configMap, secret } of volumes) {
      if (configMap) expect([...configMaps.keys()]).toContain(configMap.name);
      if (secret) expect(secrets).toContain(secret.secretName);
    }
    for (const { name, subPath } of container.volumeMounts.filter((mount: any) => mount.subPath)) {
      const { configMap } = volumes.find((volume: any) => volume.name === name);
      expect(configMaps.get(configMap.name)!.keys).toContain(subPath);
    }
  });

  test('is of the same release as in compose, where it is there too', () => {
    expect(container.image).toBe(compose.services[metadata.name]?.image ?? container.image);
  });
});

test('what keeps data keeps it on a volume of its own', () => {
  const keeping = ofKind('StatefulSet').filter(({ spec }) => spec.volumeClaimTemplates.length === 1);
  expect(keeping.map(({ metadata }) => metadata.name).toSorted()).toEqual(
    ['alertmanager', 'grafana', 'jaeger', 'loki', 'prometheus'].toSorted(),
  );
});

describe('a pipeline of traces', () => {
  const collector = parse(read('deploy/traces/collector.yml'));
  const jaeger = parse(read('deploy/traces/jaeger.yml'));

  test.each([
    ['the collector', collector],
    ['Jaeger', jaeger],
  ])('of %s names what it declares, and uses all of it', (_, { service, ...declared }) => {
    const used = Object.values(service.pipelines as Record<string, Record<string, string[]>>);
    for (const part of ['receivers', 'processors', 'exporters'])
      expect(new Set(used.flatMap((pipeline) => pipeline[part]!))).toEqual(new Set(Object.keys(declared[part])));
    expect(service.extensions ?? []).toEqual(Object.keys(declared.extensions ?? {}));
  });

  test('of Jaeger ends in a store that is kept on its volume', () => {
    const { backends } = jaeger.extensions.jaeger_storage;
    const store = jaeger.exporters.jaeger_storage_exporter.trace_storage;
    expect(jaeger.extensions.jaeger_query.storage.traces).toBe(store);
    const { directories, ephemeral } = backends[store].badger;
    expect(ephemeral).toBe(false);
    for (const path of Object.values(directories)) expect(path).toMatch(/^\/badger\//);
    expect(compose.services.jaeger.volumes).toContain('jaeger:/badger');
  });

  test('begins where Agora sends its spans, and goes on where the collector sends them', () => {
    const taken = collector.receivers.otlp.protocols.http.endpoint.split(':').at(-1);
    const agora = Object.values(compose.services).filter(({ environment }) => environment?.OTEL_EXPORTER_OTLP_ENDPOINT);
    expect(agora.length).toBeGreaterThan(4);
    for (const { environment } of agora)
      expect(environment.OTEL_EXPORTER_OTLP_ENDPOINT).toBe(`http://otel-collector:${taken}`);
    const { data } = parse(read('deploy/kubernetes/config.yaml'));
    expect(data.OTEL_EXPORTER_OTLP_ENDPOINT).toBe(`http://otel-collector.monitoring.svc:${taken}`);
    const ports = (name: string) =>
      ofKind('Service')
        .find(({ metadata }) => metadata.name === name)!
        .spec.ports.map(({ port }: any) => port);
    expect(ports('otel-collector')).toEqual([Number(taken)]);
    const [host, next] = collector.exporters.otlp.endpoint.split(':');
    expect(ports(host)).toContain(Number(next));
    expect(jaeger.receivers.otlp.protocols.grpc.endpoint).toBe(`0.0.0.0:${next}`);
  });

  test('is let out of the namespace of Agora, and into that of monitoring', () => {
    const policies = parseAllDocuments(read('deploy/kubernetes/network-policy.yaml')).map((one) => one.toJS());
    const collectorPods = { matchLabels: { 'app.kubernetes.io/name': 'otel-collector' } };
    const outgoing = policies.find(({ metadata }) => metadata.name === 'egress').spec.egress;
    expect(outgoing).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
          podSelector: collectorPods,
        },
      ],
      ports: [{ port: 4318 }],
    });
    const incoming = ofKind('NetworkPolicy').find(({ metadata }) => metadata.name === 'traces')!.spec;
    expect(incoming.podSelector).toEqual(collectorPods);
    expect(incoming.ingress[0].from).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'agora' } } },
    ]);
    const { spec } = ofKind('Deployment').find(({ metadata }) => metadata.name === 'otel-collector')!;
    expect(spec.template.metadata.labels).toMatchObject(collectorPods.matchLabels);
  });
});

const temporary = mkdtempSync(join(tmpdir(), 'agora-monitoring-'));
afterAll(() => rmSync(temporary, { recursive: true }));
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

const withPromtool = orSkip(has('promtool'), test, "Prometheus's configuration for Kubernetes", 'prometheus');
withPromtool("Prometheus's configuration for Kubernetes is one, and its jobs are those that rules ask for", () => {
  const config = parse(read('deploy/prometheus/kubernetes.yml'));
  // Debian's promtool is built without the discovery of Kubernetes; its part is replaced by fixed targets.
  for (const job of config.scrape_configs)
    if (job.kubernetes_sd_configs) {
      expect(job.kubernetes_sd_configs).toEqual([{ role: 'pod', namespaces: { names: [expect.any(String)] } }]);
      delete job.kubernetes_sd_configs;
      job.static_configs = [{ targets: ['127.0.0.1:1'] }];
    }
  const path = join(temporary, 'prometheus.yml');
  writeFileSync(path, stringify(config));
  expect(execFileSync('promtool', ['check', 'config', '--syntax-only', path], { encoding: 'utf8' })).toContain(
    'SUCCESS',
  );
  const jobs = config.scrape_configs.map((job: any) => job.job_name);
  expect(jobs).toEqual(['agora', 'alertmanager', 'postgres', 'node']);
  const renamed = config.scrape_configs[0].relabel_configs.find((rule: any) => rule.target_label === 'job');
  const components = ['gateway', 'agents'].map((component) => renamed.replacement.replace('$1', component));
  expect(components).toEqual(['agora-gateway', 'agora-agents']);
});

describe('alerts', () => {
  const withAmtool = orSkip(has('amtool'), test, 'the configuration of Alertmanager', 'prometheus-alertmanager');
  /** The configuration with every receiver filled in, as its comments show. */
  const filledIn = (): string => {
    const path = join(temporary, 'alertmanager.yml');
    writeFileSync(path, read(ALERTMANAGER).replaceAll(/^ {4}# /gm, '    '));
    return path;
  };
  const amtool = (...what: string[]): string => execFileSync('amtool', what, { encoding: 'utf8', stdio: 'pipe' });

  test('are told to nobody until a receiver is filled in, and no secret is in the file', () => {
    const { receivers } = parse(read(ALERTMANAGER)) as { receivers: { name: string }[] };
    expect(receivers).toEqual([{ name: 'critical' }, { name: 'warning' }, { name: 'info' }]);
    expect(read(ALERTMANAGER)).toContain('NOBODY IS TOLD');
    expect(read(ALERTMANAGER)).not.toMatch(/(password|_key|api_url|token|secret): /);
  });

  withAmtool('have a configuration that Alertmanager reads, as it is and filled in', () => {
    expect(amtool('check-config', ALERTMANAGER)).toContain('SUCCESS');
    expect(amtool('check-config', filledIn())).toContain('SUCCESS');
    const { receivers } = parse(read(filledIn())) as { receivers: object[] };
    expect(receivers.map((receiver) => Object.keys(receiver))).toEqual([
      ['name', 'pagerduty_configs'],
      ['name', 'slack_configs', 'email_configs'],
      ['name'],
    ]);
  });

  withAmtool.each(['critical', 'warning', 'info'])('of severity %s go to the receiver of that name', (severity) => {
    const said = amtool('config', 'routes', 'test', `--config.file=${ALERTMANAGER}`, `severity=${severity}`);
    expect(said.trim()).toBe(severity);
  });

  test('are inhibited only by alerts and for alerts that exist', () => {
    const rules = read('deploy/prometheus/rules/agora.yml');
    const known = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
    const { inhibit_rules } = parse(read(ALERTMANAGER)) as {
      inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
    };
    const named = inhibit_rules.flatMap((rule) =>
      [...rule.source_matchers, ...rule.target_matchers].flatMap((one) => /"(.*)"/.exec(one)![1]!.split('|')),
    );
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});
