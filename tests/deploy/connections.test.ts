/** PostgreSQL takes all the connections that the processes of a deployment may open, however many rooms there are. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { connectionsOf } from '../../db/connect/connection-counts.ts';
import { AREAS } from '../../platform/agent/define-agent.ts';
import { loadAgents } from '../../subgraphs/index.ts';
import { deploymentsFor } from '../../tools/codegen/deployments.ts';
import { type DeployedAgent, processesOfCompose, processesOfKubernetes } from '../../tools/codegen/processes.ts';

const today: readonly DeployedAgent[] = await loadAgents();
/** So many rooms beside those of today, an area after the other, some of whose reads may lag. */
const invented = (count: number): DeployedAgent[] =>
  Array.from({ length: count }, (_, n) => ({
    name: `invented${String.fromCodePoint(97 + n)}`,
    area: AREAS[n % AREAS.length]!,
    readsMayLag: n % 5 === 0,
  }));
const HOUSES = [
  ['today', today],
  ['thirty-five rooms', [...today, ...invented(35 - today.length)]],
] as const;

/** All that may be open at a time, counted one process after the other. */
const openIn = (processes: ReturnType<typeof processesOfCompose>) =>
  processes.flatMap(({ replicas, ...kind }) => Array.from({ length: replicas }, () => connectionsOf(kind)));
const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

test.each(HOUSES)('docker compose, %s', (_, agents) => {
  const text = deploymentsFor(agents).find(({ path }) => path === 'docker-compose.yml')!.text!;
  const processes = processesOfCompose(text, agents);
  const served = processes.flatMap((process) => process.agents.map(({ name }) => name));
  expect(new Set(served)).toEqual(new Set(agents.map(({ name }) => name)));
  expect(processes.filter((process) => process.agents.length === 0)).toHaveLength(2);
  const limit = Number(/max_connections=(\d+)/.exec(text)![1]);
  const open = sum(openIn(processes).flatMap(({ pooled, direct }) => [pooled, direct]));
  expect(open).toBeLessThanOrEqual(limit - 20);
  expect(limit - open).toBeLessThan(70);
});

test.each(HOUSES)('Kubernetes with as many pods as it makes, %s', (_, agents) => {
  const outputs = deploymentsFor(agents);
  const { resources } = parse(textOf('deploy/kubernetes/kustomization.yaml')) as { resources: string[] };
  function textOf(path: string): string {
    return outputs.find((output) => output.path === path)?.text ?? readFileSync(path, 'utf8');
  }
  const manifests = resources.map((file) => textOf(`deploy/kubernetes/${file}`));
  const processes = processesOfKubernetes(manifests, agents);
  // The autoscalers' most, of two releases: pods that are ending are not counted by a rolling update.
  expect(new Set(processes.map(({ replicas }) => replicas))).toEqual(new Set([24, 12]));
  const { data } = parse(textOf('deploy/kubernetes/connections.yaml')) as { data: Record<string, string> };
  const figure = (file: string, name: string): number =>
    Number(new RegExp(`^${name} = (\\d+)$`, 'm').exec(data[file]!)![1]);
  const open = openIn(processes);
  const [pooled, direct] = [sum(open.map((one) => one.pooled)), sum(open.map((one) => one.direct))];
  expect(pooled + direct).toBeLessThanOrEqual(figure('postgresql.conf', 'max_connections') - 20);
  expect(pooled).toBeLessThanOrEqual(figure('pgbouncer-sizes.ini', 'max_client_conn'));
  // A role for each agent, and the gateways'.
  const kept = (agents.length + 1) * figure('pgbouncer-sizes.ini', 'default_pool_size');
  expect(kept + direct).toBeLessThanOrEqual(figure('postgresql-behind-pgbouncer.conf', 'max_connections') - 20);
});

test('a process opens what its agents, the sagas and the looking after take; a gateway next to nothing', () => {
  const agent = (name: string, readsMayLag = false) => ({ name, readsMayLag });
  expect(connectionsOf({ agents: [] })).toEqual({ pooled: 2, direct: 0 });
  expect(connectionsOf({ agents: [agent('order')] })).toEqual({ pooled: 14, direct: 3 });
  expect(connectionsOf({ agents: [agent('order'), agent('product', true)] })).toEqual({ pooled: 19, direct: 5 });
  expect(connectionsOf({ agents: [agent('orchestration')] })).toEqual({ pooled: 14, direct: 11 });
  expect(connectionsOf({ agents: [agent('order')] }, { DATABASE_POOL_AGENT: 10 })).toEqual({ pooled: 20, direct: 3 });
});

test('what the files say is what these rooms need', () => {
  const written = deploymentsFor(today).filter(({ path }) => /compose\.yml$|connections\.yaml$/.test(path));
  for (const { path, text } of written) expect([path, readFileSync(path, 'utf8')]).toEqual([path, text]);
});
