/** CPU profile of an order: of Node, by module, from a profile; and of PostgreSQL, from its processes. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, table } from './figures.ts';
import type { Size } from './run.ts';
import { times, withLoadedShop } from './shop.ts';

const ROOT = join(import.meta.dirname, '..');
const PROFILER = join(import.meta.dirname, 'profiler.mjs');
const ROWS = 30;
/** Milliseconds of a clock tick of /proc: Linux has 100 a second everywhere. */
const TICK_MS = 10;

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

/** Measures, and prints two tables. Linux only. */
export async function profile({ orders, concurrency, rounds }: Size): Promise<void> {
  const file = join(tmpdir(), `agora-profile-${process.pid}.json`);
  const env = { NODE_OPTIONS: `--import ${PROFILER}`, BENCH_PROFILE: file };
  await withLoadedShop(async (shop) => {
    const server = shop.process.pid;
    const load = async () => {
      await times(orders, concurrency, () => shop.order());
      await shop.rest();
    };
    await load();
    const costs = { node: [] as number[], postgres: [] as number[] };
    for (let n = 0; n < rounds; n++) {
      const before = [cpuOf(server), cpuBelow(shop.postgresPid)] as const;
      await load();
      costs.node.push((cpuOf(server) - before[0]) / orders);
      costs.postgres.push((cpuBelow(shop.postgresPid) - before[1]) / orders);
    }
    const row = (what: string, values: number[]) => [
      what,
      median(values).toFixed(2),
      values.map((v) => v.toFixed(1)).join(' '),
    ];
    table(
      `CPU an order in ms: ${rounds} rounds of ${orders} orders, ${concurrency} at once`,
      ['process', 'median', 'rounds'],
      [row('Node', costs.node), row('PostgreSQL', costs.postgres)],
    );
    process.kill(server, 'SIGUSR2');
    await sleep(500);
    await load();
    process.kill(server, 'SIGUSR2');
    print(await written(file), orders);
  }, env).finally(() => rmSync(file, { force: true }));
}

function print(profile: Profile, orders: number): void {
  const [modules, functions] = [new Map<string, number>(), new Map<string, number>()];
  const add = (to: Map<string, number>, key: string, ms: number) => to.set(key, (to.get(key) ?? 0) + ms);
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  for (const [index, id] of profile.samples.entries()) {
    const { functionName, url } = frames.get(id)!;
    // `node:inspector` is the profiler itself.
    if (functionName === '(idle)' || url.startsWith('node:inspector')) continue;
    const ms = profile.timeDeltas[index]! / 1000;
    add(modules, moduleOf(url, functionName), ms);
    add(functions, `${functionName || '(anonymous)'} ${moduleOf(url, functionName)}`, ms);
  }
  const all = [...modules.values()].reduce((sum, ms) => sum + ms);
  const rows = (from: Map<string, number>) =>
    [...from]
      .sort(([, a], [, b]) => b - a)
      .slice(0, ROWS)
      .map(([what, ms]) => [what, (ms / orders).toFixed(2), `${((ms * 100) / all).toFixed(1)} %`]);
  table(
    `Node's time by module: ${(all / orders).toFixed(1)} ms an order, under the profiler`,
    ['module', 'ms', 'share'],
    rows(modules),
  );
  table('The functions', ['function', 'ms', 'share'], rows(functions));
}

function moduleOf(url: string, functionName: string): string {
  if (url === '' && functionName.startsWith('write')) return 'writing to sockets (the kernel)';
  if (url === '') return functionName.startsWith('(') ? functionName : "JavaScript's own functions";
  if (url.startsWith('node:'))
    return `node:${
      url
        .slice(5)
        .split('/')
        .filter((part) => part !== 'internal')[0]
    }`;
  const path = relative(ROOT, url.replace('file://', ''));
  const packaged = path.lastIndexOf('node_modules/');
  if (packaged < 0) return path.split('/').slice(0, -1).slice(0, 2).join('/');
  const parts = path.slice(packaged + 13).split('/');
  return parts.slice(0, parts[0]!.startsWith('@') ? 2 : 1).join('/');
}

async function written(file: string): Promise<Profile> {
  for (let n = 0; n < 300; n++) {
    await sleep(100);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Profile;
    } catch {
      // The file is not there yet, or not whole.
    }
  }
  throw new Error('the server wrote no profile');
}

/** CPU of a process, in milliseconds, with its children that have ended. */
function cpuOf(pid: number): number {
  const fields = statOf(pid);
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) * TICK_MS;
}

/** Fields of /proc/pid/stat after the name in brackets: field 4 of proc(5), the parent, is the second. */
const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

function cpuBelow(pid: number): number {
  const children = readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && statOf(Number(name))[1] === String(pid);
    } catch {
      return false;
    }
  });
  return [pid, ...children.map(Number)].reduce((sum, each) => sum + cpuOf(each), 0);
}
