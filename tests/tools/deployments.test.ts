import { expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { type Area, AREAS } from '../../platform/agent/define-agent.ts';
import { deploymentsFor } from '../../tools/codegen/deployments.ts';

/** An agent in each of these areas, beside the one that works the sagas. */
const filesFor = (areas: readonly Area[]) =>
  deploymentsFor([
    ...areas.map((area) => ({ name: `of${area}`, area })),
    { name: 'orchestration', area: 'system' as const },
  ]);
const textOf = (areas: readonly Area[], path: string): string | undefined =>
  filesFor(areas).find((output) => output.path === path)!.text;

test('the first room of any area gets a service in compose, a target of Prometheus there, and a manifest', () => {
  const { services } = parse(textOf(AREAS, 'docker-compose.yml')!, { merge: true });
  const [targets] = parse(textOf(AREAS, 'deploy/compose/agents.yml')!);
  const { resources } = parse(textOf(AREAS, 'deploy/kubernetes/kustomization.yaml')!);
  for (const area of AREAS) {
    expect(services[`agents-${area}`].command).toEqual(expect.arrayContaining(['bin/agent.ts', '--area', area]));
    expect(targets.targets).toContain(`agents-${area}:4100`);
    expect(resources).toContain(`agents-${area}.yaml`);
  }
  const manifests = parseAllDocuments(textOf(AREAS, 'deploy/kubernetes/agents-marketing.yaml')!).map((document) =>
    document.toJS(),
  );
  expect(manifests.map(({ metadata }) => metadata.name)).toEqual(Array(3).fill('agents-marketing'));
  expect(manifests[0].spec.template.spec.containers[0].args).toEqual(['bin/agent.ts', '--area', 'marketing']);
});

test('the last room of an area takes its service, target and manifest away', () => {
  const areas = ['commerce', 'system'] as const;
  expect(textOf(areas, 'docker-compose.yml')).not.toContain('agents-marketing');
  expect(textOf(areas, 'deploy/kubernetes/agents-marketing.yaml')).toBeUndefined();
  expect(filesFor(areas).filter(({ text }) => text?.includes('agents-marketing'))).toEqual([]);
});
