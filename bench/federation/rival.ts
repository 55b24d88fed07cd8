/** A server under comparison: a process of its own, its CPU, and its load. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { times } from '../shop.ts';
import { dieWithParent } from '../../platform/die-with-parent.ts';

/** A running server. */
export interface Rival {
  name: string;
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Cost of a round of load. */
export interface Load {
  /** CPU of its process for one request, in milliseconds: all its threads, user and kernel. */
  cpuMs: number;
  perSecond: number;
}

const CONNECTIONS = 16;
const START_MS = 60_000;

/** Starts one of the roles of `server.ts`. */
export const startRole = (role: string, file = ''): Promise<Rival> =>
  startRival(role, process.execPath, ['--no-warnings', `${import.meta.dirname}/server.ts`, role, file]);

/** Starts a command, and waits for the line with its address. */
export async function startRival(
  name: string,
  command: string,
  args: readonly string[],
  { cwd, url }: { cwd?: string; url?: string } = {},
): Promise<Rival> {
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(...dieWithParent(command, args), { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = () => ended(child);
  try {
    const said = url ? await answering(url, child) : await firstUrl(name, child);
    return { name, url: said, pid: child.pid!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstUrl(name: string, child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^http:\S+$/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error(`${name} did not start.`);
}

async function answering(url: string, child: ChildProcess): Promise<string> {
  child.stdout!.resume();
  const end = Date.now() + START_MS;
  while (Date.now() < end && child.exitCode === null) {
    const answer = await post(url, '{"query":"{ __typename }"}').catch(() => '');
    if (answer.includes('Query')) return url;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing answered at ${url}.`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

/** Sends one request and reads its answer. @param agent keeps the connections; a new one each time without it */
export function post(url: string, body: string, agent: Agent | false = false): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sent = request(url, { method: 'POST', agent, headers, timeout: 30_000 }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('end', () => resolve(text));
    response.on('error', reject);
  });
  sent.on('error', reject).on('timeout', () => sent.destroy(new Error('no answer in 30 seconds')));
  sent.end(body);
  return promise;
}

/**
 * Sends so many requests, sixteen at once. @throws Error for an answer with errors: there would be nothing to compare
 */
export async function load(rival: Rival, bodyOf: (n: number) => string, requests: number): Promise<Load> {
  const [begun, used] = [performance.now(), cpuOf(rival.pid)];
  // For this round only: servers close idle connections while the others have their turn.
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let n = 0;
  const work = times(requests, CONNECTIONS, async () => {
    const answer = await post(rival.url, bodyOf(n++), agent);
    if (answer.includes('"errors":')) throw new Error(`${rival.name} answered ${answer.slice(0, 500)}`);
  });
  await work.finally(() => agent.destroy());
  const seconds = (performance.now() - begun) / 1000;
  return { cpuMs: (cpuOf(rival.pid) - used) / requests, perSecond: requests / seconds };
}

/**
 * Milliseconds on a processor since the process started, of all its threads.
 * https://docs.kernel.org/scheduler/sched-stats.html
 */
function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'),
  );
  return tasks.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6;
}
