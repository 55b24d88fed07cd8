/** docker-compose.yml, read by docker-compose itself where there is one. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { orSkip } from '../support/or-skip.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { variables } from './variables.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Record<'services' | 'secrets' | 'volumes', Record<string, any>>;
const { services } = compose;
const ours = Object.entries(services).filter(([, { image }]) => image.startsWith('agora:'));
const ASKED = [...new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name!))];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'agora-compose-'));
  cpSync(join(ROOT, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
  mkdirSync(join(folder, 'deploy/secrets'), { recursive: true });
  writeFileSync(join(folder, 'deploy/secrets/roles.env'), 'DATABASE_URL_ORDER=postgres://a:b@c/d\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function config(env: Record<string, string>): Promise<{ code: number; said: string }> {
  try {
    const given = { PATH: process.env.PATH, ...env };
    const { stdout } = await promisify(execFile)('docker-compose', ['config'], { cwd: folder, env: given });
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stderr, message } = error as { code: number; stderr?: string; message: string };
    return { code, said: stderr ?? message };
  }
}

const withCompose = orSkip(existsSync('/usr/bin/docker-compose'), test, 'what docker-compose reads', 'docker-compose');

withCompose('docker-compose reads docker-compose.yml, once every secret is given', async () => {
  const secrets = Object.fromEntries(ASKED.map((name) => [name, 'x']));
  expect(await config(secrets)).toMatchObject({ code: 0, said: expect.stringContaining('agents-commerce') });
  for (const missing of ASKED) {
    const { [missing]: _, ...others } = secrets;
    expect(await config(others)).toMatchObject({ code: 1, said: expect.stringContaining(missing) });
  }
});

test('every area of agents has a service, and orchestration one of its own', async () => {
  const commands = ours.map(([, { command }]) => command.join(' '));
  const areas = new Set((await loadAgents()).map(({ area }) => area));
  for (const area of areas) expect(commands).toContainEqual(expect.stringContaining(`--area ${area}`));
  expect(commands).toContain('bin/agent.ts orchestration');
  expect(commands.filter((command) => command === 'bin/gateway.ts')).toHaveLength(2);
});

test.each(ours)('%s runs a file that exists, with variables that Agora reads, and with limits', (_, service) => {
  expect(existsSync(join(ROOT, service.command[0]))).toBe(true);
  const names = Object.keys(service.environment).filter((name) => name !== 'DATABASE_URL');
  for (const name of names) expect(variables).toContain(name);
  expect(service.deploy.resources.limits).toEqual({ cpus: expect.any(String), memory: expect.any(String) });
});

test('mails are written to a volume, since the rest of a container is read-only', () => {
  const { environment, volumes, read_only } = services['agents-system']!;
  expect(read_only).toBe(true);
  expect(volumes.map((volume: string) => volume.split(':')[1])).toContain(environment.MAIL_DIR);
});

test('a secret that is given as a file is mounted, and what is mounted is declared', () => {
  for (const [name, { environment = {}, secrets = [] }] of Object.entries(services)) {
    const paths = Object.entries(environment).flatMap(([variable, path]) => (variable.endsWith('_FILE') ? [path] : []));
    expect([name, paths]).toEqual([name, secrets.map((secret: string) => `/run/secrets/${secret}`)]);
    for (const secret of secrets) expect(compose.secrets[secret].file).toMatch(/^\.\/deploy\/secrets\//);
  }
});

test('data outlives its container: whatever keeps some has a volume', () => {
  // By its name, or as what stands in for a folder that is not given: `${BACKUP_DIR:-archive}`.
  const kept = Object.entries(services).flatMap(([name, { volumes = [] }]) =>
    volumes.flatMap((volume: string) => {
      const [, named] = /^(?:\$\{\w+:-)?(\w[\w-]*)\}?:/.exec(volume) ?? [];
      return named ? [[named, name]] : [];
    }),
  );
  expect(new Set(kept.map(([volume]) => volume))).toEqual(new Set(Object.keys(compose.volumes)));
  for (const name of ['postgres', 'prometheus', 'alertmanager', 'loki', 'jaeger', 'grafana'])
    expect(kept).toContainEqual([name, name]);
  for (const [name] of ours.filter(([, { environment }]) => environment.AGENT_PORT))
    expect(kept).toContainEqual(['data', name]);
});

test('the other images have limits too, and mounted files exist', () => {
  for (const { deploy, volumes = [] } of Object.values(services)) {
    expect(deploy.resources.limits).toEqual({ cpus: expect.any(String), memory: expect.any(String) });
    const paths = volumes.map((volume: string) => volume.split(':')[0]!);
    for (const path of paths.filter((one: string) => one.startsWith('./') && !one.startsWith('./deploy/secrets')))
      expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  }
});
