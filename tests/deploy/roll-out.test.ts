/** `roll-out.sh`, with a kubectl that writes down what it is asked: the order of a release, and where it stops. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

const folder = mkdtempSync(join(tmpdir(), 'agora-roll-out-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Says of each job what FAILS does not name: that it is complete; and keeps a copy of each file that it is given. */
const KUBECTL = `#!/usr/bin/env bash
echo "$*" >> ${folder}/asked
case "$*" in
  kustomize*) cat "$2/kustomization.yaml" ;;
  *"get job"*) case "$*" in *"job $FAILS "*) echo Failed ;; *) echo Complete ;; esac ;;
  "apply -f "*) cp "$3" "${folder}/applied-$(basename "$3")" ;;
  *"rollout status"*) case "$*" in *"=$FAILS "*) exit 1 ;; esac ;;
esac
`;
const IMAGE = `registry.example/shop/agora@sha256:${'a'.repeat(64)}`;

beforeEach(() => {
  writeFileSync(join(folder, 'asked'), '');
  writeFileSync(join(folder, 'kubectl'), KUBECTL);
  chmodSync(join(folder, 'kubectl'), 0o755);
});

function rollOut(image: string, fails = 'nothing') {
  const env = { PATH: `${folder}:${process.env.PATH}`, FAILS: fails, ROLL_OUT_PAUSE: '0' };
  const args = image ? [image] : [];
  const { status, stderr } = spawnSync('deploy/kubernetes/roll-out.sh', args, { env, encoding: 'utf8' });
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
  // Without the folders of the files.
  return { status, stderr, asked: asked.map((line) => line.replace(/\/\S*\//, '')) };
}

const PART = 'app.kubernetes.io/component';
const applied = (what: string): string => `apply -f all -l ${PART}${what}`;

test('a release is the migrations, the roles, the agents and the gateways, each after the one before has ended', () => {
  const { status, asked } = rollOut(IMAGE);
  expect(status).toBe(0);
  const steps = asked.filter((line) => !line.includes('get job') && !line.startsWith('kustomize'));
  expect(steps).toEqual([
    '-n agora delete job migrate roles --ignore-not-found --wait',
    applied(' notin (agents, gateway, migrate)'),
    applied('=migrate'),
    'apply -f roles.yaml',
    applied('=agents'),
    `-n agora rollout status deployment -l ${PART}=agents --timeout=15m`,
    applied('=gateway'),
    `-n agora rollout status deployment -l ${PART}=gateway --timeout=15m`,
  ]);
});

test.each([
  ['migrate', 'roles.yaml'],
  ['roles', '=agents'],
  ['agents', '=gateway'],
])('when %s fails, what comes after it is not begun', (fails, next) => {
  const { status, asked } = rollOut(IMAGE, fails);
  expect(status).not.toBe(0);
  expect(asked.filter((line) => line.startsWith('apply') && line.includes(next))).toEqual([]);
});

test('all run the image that was named, by its digest', () => {
  rollOut(IMAGE);
  const { images } = parse(readFileSync(join(folder, 'applied-all'), 'utf8'));
  expect(images).toEqual([
    { name: 'agora', newName: 'registry.example/shop/agora', digest: `sha256:${'a'.repeat(64)}` },
  ]);
  const [job] = parseAllDocuments(readFileSync(join(folder, 'applied-roles.yaml'), 'utf8')).map((one) => one.toJS());
  expect(job.spec.template.spec.containers[0].image).toBe(IMAGE);
});

test.each(['', 'registry.example/agora:1.2.3'])(
  'an image without a digest, "%s", is refused before anything is asked',
  (image) => {
    const { status, stderr, asked } = rollOut(image);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/digest/);
    expect(asked).toEqual(['']);
  },
);
