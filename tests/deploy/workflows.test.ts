/** The workflows of CI and of delivery: what they run exists, and nothing is published or rolled out before its turn. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

const FOLDER = '.github/workflows';

interface Job {
  needs?: string | string[];
  uses?: string;
  environment?: string;
  'timeout-minutes'?: number;
  steps?: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}
const workflow = (file: string) =>
  parse(readFileSync(join(FOLDER, file), 'utf8')) as { on: any; jobs: Record<string, Job> };
const jobs = readdirSync(FOLDER).flatMap((file) =>
  Object.entries(workflow(file).jobs).map(([name, job]) => [`${name} of ${file}`, job, file] as const),
);
const needsOf = ({ needs = [] }: Job): string[] => [needs].flat();
const { jobs: delivery, on: starts } = workflow('deliver.yml');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

test.each(jobs)('%s has a time limit, and needs and runs what exists', (_, job, file) => {
  for (const needed of needsOf(job)) expect(Object.keys(workflow(file).jobs)).toContain(needed);
  if (job.uses) return expect(existsSync(job.uses)).toBe(true);
  expect(job['timeout-minutes']).toBeGreaterThan(0);
  for (const { run = '' } of job.steps!) {
    for (const [, script] of run.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [path] of run.matchAll(/^[.\w]+\/[\w./-]+/g))
      expect([path, statSync(path).mode & 0o111]).toEqual([path, 0o111]);
  }
});

test('CI runs the same script as everywhere, looks for vulnerabilities, and measures coverage', () => {
  const runs = Object.values(workflow('ci.yml').jobs).flatMap(({ steps = [] }) => steps.map(({ run }) => run));
  expect(runs).toEqual(expect.arrayContaining(['.ci/run', 'npm run test:coverage']));
  expect(runs).toContainEqual(expect.stringMatching(/^npm audit --omit=dev/));
});

test('a tag is delivered, and only after CI', () => {
  expect(starts).toEqual({ push: { tags: ['v*'] } });
  expect(delivery.test!.uses).toBe('./.github/workflows/ci.yml');
  expect(needsOf(delivery.publish!)).toEqual(['test']);
});

test('an image is published after it was scanned, with the list of its packages', () => {
  const steps = delivery.publish!.steps!;
  const at = (found: (step: (typeof steps)[number]) => unknown): number => steps.findIndex((step) => found(step));
  const [built, scanned, pushed] = [
    at(({ with: given }) => given?.load),
    at(({ uses }) => uses?.startsWith('aquasecurity/trivy-action@')),
    at(({ with: given }) => given?.push),
  ];
  expect(built).toBeGreaterThanOrEqual(0);
  expect(scanned).toBeGreaterThan(built);
  expect(pushed).toBeGreaterThan(scanned);
  expect(steps[scanned]!.with).toMatchObject({ 'image-ref': steps[built]!.with!.tags, 'exit-code': '1' });
  expect(steps[pushed]!.with).toMatchObject({ sbom: true });
  expect(steps.some(({ run }) => run?.includes('gh release create') && run.includes('sbom.cdx.json'))).toBe(true);
});

test('production comes after staging, in an environment of its own, whose reviewers approve it, with the same image', () => {
  expect([delivery.staging!.environment, delivery.production!.environment]).toEqual(['staging', 'production']);
  expect(needsOf(delivery.production!)).toEqual(['publish', 'staging']);
  expect(delivery.production!.steps).toEqual(delivery.staging!.steps);
  expect(delivery.staging!.steps!.map(({ run }) => run)).toContain('deploy/kubernetes/roll-out.sh "$RELEASE"');
});
