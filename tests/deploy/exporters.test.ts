/** Exporters and Alertmanager themselves, where they are installed: they tell the metrics that we ask for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { deleteEmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded-postgres.ts';
import { freePort } from '../../db/embedded-postgres/free-port.ts';
import { orSkip } from '../support/or-skip.ts';
import { until } from '../support/until.ts';
import { ALERTMANAGER, NODE_EXPORTER, POSTGRES_EXPORTER } from './exported-metrics.ts';

const folder = mkdtempSync(join(tmpdir(), 'agora-exporters-'));
const children: ChildProcess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await deleteEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
});

/** The metrics of a program that listens on this port, once it has any, each with its labels. */
async function metricsOf(program: string, args: (port: number) => string[], env = {}): Promise<Map<string, string[]>> {
  const port = await freePort(0);
  children.push(spawn(program, args(port), { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' }));
  let text = '';
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    text = (await response?.text()) ?? '';
    return text !== '';
  });
  const lines = [...text.matchAll(/^(\w+)(?:\{(.*)\})? /gm)];
  return new Map(
    lines.map(([, name, labels = '']) => [name!, [...labels.matchAll(/(\w+)="/g)].map(([, one]) => one!)]),
  );
}

/** Expects these metrics, each with at least these labels. */
function expectAll(told: Map<string, string[]>, wanted: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, labels] of Object.entries(wanted))
    expect([name, told.get(name)]).toEqual([name, expect.arrayContaining([...labels])]);
}

const withProgram = (name: string, debian: string) =>
  orSkip(existsSync(`/usr/bin/${name}`), test, `what ${name} tells`, debian);

withProgram('prometheus-node-exporter', 'prometheus-node-exporter')('node_exporter tells what we ask for', async () => {
  const told = await metricsOf('prometheus-node-exporter', (port) => [`--web.listen-address=127.0.0.1:${port}`]);
  expectAll(told, NODE_EXPORTER);
});

withProgram('prometheus-alertmanager', 'prometheus-alertmanager')('Alertmanager tells what we ask for', async () => {
  const told = await metricsOf('prometheus-alertmanager', (port) => [
    '--config.file=deploy/alertmanager/alertmanager.yml',
    `--storage.path=${join(folder, 'alertmanager')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]);
  expectAll(told, ALERTMANAGER);
});

const SQL = readFileSync('deploy/postgres/monitoring.sql', 'utf8');

/** Runs statements on a server, in a session of its own. */
async function ask(connectionString: string, sql: string): Promise<any[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const MONITOR = 'agora_monitor';
const PASSWORD = 'the-password-of-a-test';

// A server of its own, whose roles and figures are no other test's. It runs as another user where this one is root.
chmodSync(folder, 0o755);
const dataDir = join(folder, 'postgres');
let asAdmin: string;
let asMonitor: string;
beforeAll(async () => {
  const server = await startEmbeddedPostgres({ dataDir, log: () => {}, keepsStatementStatistics: true });
  asAdmin = server.adminUrl;
  // As on a server of an operator's own.
  await ask(asAdmin, 'drop extension pg_stat_statements');
  await ask(asAdmin, SQL);
  await ask(asAdmin, `alter role ${MONITOR} password '${PASSWORD}'`);
  const monitor = new URL(asAdmin);
  [monitor.username, monitor.password] = [MONITOR, PASSWORD];
  asMonitor = monitor.href;
});

test('the role for figures reads the figures of all statements and no row; making it again changes nothing', async () => {
  await ask(asAdmin, 'create table secrets (word text); select count(*) as counted from secrets');
  await ask(asAdmin, SQL);
  const kept = await ask(asMonitor, 'select query from pg_stat_statements');
  expect(kept).toContainEqual({ query: 'select count(*) as counted from secrets' });
  await expect(ask(asMonitor, 'select * from secrets')).rejects.toMatchObject({ code: '42501' });
  await expect(ask(asMonitor, 'create table mine ()')).rejects.toMatchObject({ code: '25006' });
});

withProgram('prometheus-postgres-exporter', 'prometheus-postgres-exporter')(
  'postgres_exporter tells what we ask for, as that role',
  async () => {
    const { host, pathname } = new URL(asMonitor);
    const told = await metricsOf('prometheus-postgres-exporter', (port) => [`--web.listen-address=127.0.0.1:${port}`], {
      DATA_SOURCE_URI: `${host}${pathname}?sslmode=disable`,
      DATA_SOURCE_USER: MONITOR,
      DATA_SOURCE_PASS: PASSWORD,
    });
    expectAll(told, POSTGRES_EXPORTER);
  },
);
