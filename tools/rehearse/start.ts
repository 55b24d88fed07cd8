/** Starts Agora as its users do, in a process of its own, and measures it from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 300_000;

/** A started Agora. */
export interface Started {
  url: string;
  /** From the start of the process to its first answer to a query. */
  firstAnswerMs: number;
  /** The process's own memory, without PostgreSQL's. */
  memoryMb(): number;
  stop(): Promise<void>;
}

/** Starts the house in `cwd` on a free port. @throws Error with its output, if it does not answer */
export async function start(cwd: string, data: string): Promise<Started> {
  const begun = performance.now();
  const env = { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'error', PORT: '0', AGORA_DATA: data };
  const child = spawn(process.execPath, ['bin/agora.mjs', 'bin/start.ts'], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += String(part)));
  let url: string | undefined;
  while (!(url = /(http:\S+)\/graphql/.exec(text)?.[1])) {
    if (child.exitCode !== null || performance.now() - begun > PATIENCE_MS)
      throw new Error(`It did not start: ${text}`);
    await sleep(10);
  }
  await ask(url, '{ products(first: 1) { nodes { id } } }');
  return {
    url,
    firstAnswerMs: performance.now() - begun,
    memoryMb: () => memoryOf(child),
    stop: async () => {
      child.kill('SIGINT');
      if (child.exitCode === null) await once(child, 'close');
    },
  };
}

/** Sends a query. Returns the milliseconds until its answer. @throws Error with its errors */
export async function ask(url: string, query: string, accessToken?: string): Promise<number> {
  const begun = performance.now();
  await post(url, query, accessToken);
  return performance.now() - begun;
}

/** Sends an operation, and gives its data. @throws Error with its errors */
export async function post<Data>(url: string, query: string, accessToken?: string): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accessToken && { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(60_000),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown[] };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Resident memory, as Linux reports it. */
function memoryOf({ pid }: ChildProcess): number {
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Math.round(Number(kB) / 1024);
}
