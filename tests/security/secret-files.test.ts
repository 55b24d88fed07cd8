/** Files of secrets, where the docs have them written, are kept out of the repository by .gitignore. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

/** A repository with our .gitignore and none of the machine's own rules. */
let repository: string;
const git = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', PATH: process.env.PATH };
beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), 'agora-repository-'));
  execFileSync('git', ['init', '--quiet', repository], { env: git });
  copyFileSync(join(import.meta.dirname, '../../.gitignore'), join(repository, '.gitignore'));
});
afterAll(() => rmSync(repository, { recursive: true }));

const isIgnored = (path: string): boolean =>
  spawnSync('git', ['check-ignore', '--quiet', path], { cwd: repository, env: git }).status === 0;

test.each([
  '.env', // docs/operations/deployment.md: `npm run --silent secrets:new > .env`
  '.env.production',
  'agora.env', // docs/distributed.md
  'deploy/secrets/roles.env', // docs/operations/deployment.md: `npm run db:roles`
  'deploy/secrets/tls.key',
  'token-key.pem',
  '.agora/secret-keys',
  '.agora/distributed/roles.env',
])('git add takes no %s', (path) => {
  expect(isIgnored(path)).toBe(true);
});

test.each(['.env.example', 'docker-compose.yml', 'deploy/kubernetes/kustomization.yaml', 'bin/new-secrets.ts'])(
  'git add takes %s',
  (path) => {
    expect(isIgnored(path)).toBe(false);
  },
);
