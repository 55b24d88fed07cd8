/** A Redis beside us, where this machine has a `redis-server`: for `npm run distributed`, and for tests. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dieWithParent } from '../platform/die-with-parent.ts';
import { freePort } from './embedded-postgres/free-port.ts';

/** A server that keeps nothing on disk, and may die. */
export interface RedisServer {
  /** The same address over all restarts. */
  readonly url: string;
  /** SIGKILL ends it without warning; SIGSTOP makes it hang, until SIGCONT. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts it again on the same port, with nothing in it. @throws Error with its output, if it does not start */
  restart(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

/** Whether this machine has a `redis-server`. */
export const hasRedisServer = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** Starts one on a free port. It does not outlive us. @throws Error with its output, if it does not start */
export async function startRedis(): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(0);
    const started = await start(port).catch((error: unknown) => {
      // Another process took the port meanwhile.
      if (attempt === 5) throw error;
    });
    if (started) return mortal(port, started);
  }
}

function mortal(port: number, first: ChildProcess): RedisServer {
  let child = first;
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async signal(signal) {
      if (signal === 'SIGKILL') await end();
      else child.kill(signal);
    },
    async restart() {
      child = await start(port);
    },
    stop: end,
  };
}

async function start(port: number): Promise<ChildProcess> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  // In a process group of its own, so that Ctrl-C in the terminal does not end it before its users.
  const child = spawn(...dieWithParent('redis-server', settings), {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('Ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended: ${output.slice(-500)}`)));
  });
  await ready;
  return child;
}
