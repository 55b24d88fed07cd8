/** A Redis for tests: that of REDIS_URL, or one of a test's own when there is a `redis-server` on this machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../db/embedded-postgres/free-port.ts';

/** A server of a test's own, which may die. */
export interface TestRedis {
  /** The same over all its lives. */
  readonly url: string;
  /** SIGKILL ends it without warning; SIGSTOP makes it hang, until SIGCONT. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts it again on the same port, with nothing in it. */
  restart(): Promise<void>;
  /** Ends it. */
  stop(): Promise<void>;
}

/** Whether there is a `redis-server` to start. */
export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0;

/** Starts one on a free port, that keeps nothing on disk. */
export async function startRedis(): Promise<TestRedis> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(0);
    const started = await start(port).catch((error: unknown) => {
      // Somebody else took the port meanwhile.
      if (attempt === 5) throw error;
    });
    if (started) return mortal(port, started);
  }
}

function mortal(port: number, first: ChildProcess): TestRedis {
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
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] });
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
