/** The manifests: each fits its kind's own schema, and what they name in Agora exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { variables } from './variables.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'deploy/kubernetes');
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

interface Manifest {
  file: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [part: string]: any;
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
const manifests: Manifest[] = files.flatMap((file) =>
  parseAllDocuments(read(file)).map((document) => ({ file, ...document.toJS() })),
);
const named = manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const);
const ofKind = (kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind);
const deployments = ofKind('Deployment').map((manifest) => [manifest.metadata.name, manifest] as const);
const containers = [...ofKind('Deployment'), ...ofKind('Job')].map(
  (manifest) => [manifest.metadata.name, manifest.spec.template.spec.containers[0]] as const,
);

test.each(named)('%s fits the schema of its kind', async (_, { file: _file, ...manifest }) => {
  const { [manifest.kind]: Kind } = await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`);
  expect(() => new Kind(manifest).validate()).not.toThrow();
});

test('a manifest that does not fit is found', async () => {
  const { Deployment } = await import('kubernetes-models/apps/v1/Deployment');
  const [, { file: _, ...good }] = deployments[0]!;
  const bad = { ...good, spec: { ...good.spec, replicas: 'three' } };
  expect(() => new Deployment(bad as never).validate()).toThrow('replicas');
});

test('kustomization lists every manifest but the example of the secrets, what is for the database, and what comes after', () => {
  const { resources } = parse(read('kustomization.yaml'));
  const others = ['secrets.example.yaml', 'connections.yaml', 'roles.yaml'];
  expect(resources.toSorted()).toEqual(files.filter((file) => !others.includes(file)).toSorted());
});

describe.each(deployments)('%s', (name, { spec }) => {
  test('is updated one pod at a time, of three', () => {
    expect(spec.replicas).toBe(3);
    expect(spec.strategy.rollingUpdate.maxUnavailable).toBe(1);
  });

  test('scales, and survives the drain of a node', () => {
    const target = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    expect(ofKind('HorizontalPodAutoscaler').map((hpa) => hpa.spec.scaleTargetRef)).toContainEqual(target);
    const budget = ofKind('PodDisruptionBudget').find((pdb) => pdb.metadata.name === name)!;
    expect(budget.spec.selector).toEqual(spec.selector);
  });

  test('has liveness and readiness probes, with the right intervals', () => {
    const [container] = spec.template.spec.containers;
    expect(container.livenessProbe).toMatchObject({ initialDelaySeconds: 30, periodSeconds: 30 });
    expect(container.readinessProbe).toMatchObject({ initialDelaySeconds: 5, periodSeconds: 5 });
    expect(container.livenessProbe.httpGet.path).toBe('/health');
    expect(container.readinessProbe.httpGet.path).toBe('/health/ready');
  });
});

describe.each(containers)('the container of %s', (_, container) => {
  test('runs a file that exists, as an unprivileged user', () => {
    expect(existsSync(join(ROOT, container.args[0]))).toBe(true);
    expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
  });

  test('has its limits', () => {
    const { requests, limits } = container.resources;
    expect(Object.keys({ ...requests, ...limits })).toEqual(['cpu', 'memory']);
  });

  test('has variables that Agora reads, from existing sources', () => {
    const given = (container.env ?? []).map((entry: { name: string }) => entry.name);
    for (const name of given.filter((name: string) => name !== 'POD_IP')) expect(variables).toContain(name);
    const sources = (container.envFrom ?? []).map(
      (from: Record<string, { name: string }>) => (from.secretRef ?? from.configMapRef)!.name,
    );
    const known = [...ofKind('ConfigMap'), ...ofKind('Secret')].map((manifest) => manifest.metadata.name);
    for (const source of sources) expect(known).toContain(source);
  });
});

/** The value that a container gives a variable. */
const given = (container: any, variable: string): string | undefined =>
  container.env?.find(({ name }: { name: string }) => name === variable)?.value;

test('what agents keep as files, mails among them, is in a claim that outlives their pods and is the same on all nodes', () => {
  const groups = deployments.filter(
    ([, { spec }]) => spec.template.metadata.labels['app.kubernetes.io/component'] === 'agents',
  );
  expect(groups.length).toBeGreaterThan(2);
  for (const [, { spec }] of groups) {
    const [container] = spec.template.spec.containers;
    const mount = container.volumeMounts.find(({ name }: { name: string }) => name === 'data');
    expect(given(container, 'AGORA_DATA')).toBe(mount.mountPath);
    expect(spec.template.spec.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data' } });
  }
  const [system] = deployments.find(([name]) => name === 'agents-system')![1].spec.template.spec.containers;
  expect(given(system, 'MAIL_DIR')).toMatch(/^\/data\//);
  const [claim] = ofKind('PersistentVolumeClaim');
  expect(claim).toMatchObject({ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteMany'] } });
});

test.each([...ofKind('Deployment'), ...ofKind('Job')].map((manifest) => [manifest.metadata.name, manifest] as const))(
  '%s has its keys as files of a secret that has them, readable by its group',
  (_, { spec }) => {
    const {
      containers: [container],
      volumes,
      securityContext,
    } = spec.template.spec;
    const { mountPath } = container.volumeMounts.find(({ name }: { name: string }) => name === 'secrets');
    const { secret } = volumes.find(({ name }: { name: string }) => name === 'secrets');
    const { stringData } = ofKind('Secret').find(({ metadata }) => metadata.name === secret.secretName)!;
    const asFiles = container.env.filter(({ name }: { name: string }) => name.endsWith('_FILE'));
    expect(asFiles).toEqual(
      Object.keys(stringData).map((key) => ({ name: `${key}_FILE`, value: `${mountPath}/${key}` })),
    );
    expect([secret.defaultMode, securityContext.fsGroup]).toEqual([0o440, securityContext.runAsUser]);
  },
);

test('the variables of the ConfigMap and of the secrets are read by Agora', () => {
  const names = [
    // Without that of the database's own namespace.
    ...ofKind('ConfigMap').flatMap(({ metadata, data }) => (metadata.namespace ? [] : Object.keys(data))),
    ...ofKind('Secret').flatMap(({ stringData }) => Object.keys(stringData)),
  ];
  for (const name of names) expect([...variables, expect.stringMatching(/^DATABASE_URL_[A-Z]+$/)]).toContainEqual(name);
});
